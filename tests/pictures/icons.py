"""The addons' icons: icon.png is drawn from icon.svg beside it."""

SIZE = 256
# Transparent, and as large as the picture.
PAGE = "<style>body {{ margin: 0 }} svg {{ display: block; width: {size}px; height: {size}px }}</style>{svg}"


def draw(browser, root):
    """Draw the icon of every addon that has an icon.svg.

    :param browser: a Chromium of playwright
    :param root: the checkout
    """
    context = browser.new_context(viewport={"width": SIZE, "height": SIZE})
    page = context.new_page()
    for source in sources(root):
        page.set_content(PAGE.format(size=SIZE, svg=source.read_text()))
        page.screenshot(path=source.with_suffix(".png"), omit_background=True)
    context.close()


def sources(root):
    """Return the icon.svg of every addon of the checkout."""
    return sorted(
        file for folder in ("addons", "examples") for file in root.glob(f"{folder}/*/static/description/icon.svg")
    )
