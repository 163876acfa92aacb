"""A browser that takes pictures of one size, signed in as the demo's administrator where a scene asks for it."""

from support.browser import sign_in

HEIGHTS = {1440: 900, 800: 500, 390: 844}
# What a person does not look at: the pointer's hints, and a scrollbar that a phone has not.
STYLE = ".o-tooltip, .o_popover { display: none !important; } ::-webkit-scrollbar { display: none; }"

COMPLETE = "() => document.fonts.status === 'loaded' && [...document.images].every((image) => image.complete)"


class Studio:
    """Takes pictures.

    :param browser: a Chromium of playwright
    :param Demo demo: the running stack
    """

    def __init__(self, browser, demo):
        self.browser, self.demo = browser, demo
        self._cookies = None

    def take(self, path, width, scene):
        """Let a scene lead to its page and write the picture.

        :param scene: gets a page; returns when all of it is there
        :return: size of the file in bytes
        """
        context = self.browser.new_context(
            viewport={"width": width, "height": HEIGHTS[width]},
            has_touch=width < 500,
            reduced_motion="reduce",
            color_scheme="light",
            locale="en-US",
            timezone_id="Europe/Berlin",
        )
        try:
            context.add_cookies(self._signed_in())
            page = context.new_page()
            page.set_default_timeout(30_000)
            scene(page)
            page.add_style_tag(content=STYLE)
            page.wait_for_function(COMPLETE)
            page.screenshot(path=path)
        finally:
            context.close()
        return path.stat().st_size

    def _signed_in(self):
        """Return the cookies of a session: one sign-in serves all pictures."""
        if self._cookies is None:
            manager = self.demo.description["manager"]
            context = self.browser.new_context()
            sign_in(context.new_page(), manager["url"], manager["login"], manager["password"])
            self._cookies = context.cookies()
            context.close()
        return self._cookies
