"""Finding a browser, and the few gestures that all browser tests share."""

import contextlib
import shutil


def find_chromium():
    """Return the path of Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


def sign_in(page, url, login, password):
    """Sign in to an Odoo and wait for its web client."""
    page.goto(f"{url}/web/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.click("form.oe_login_form button[type=submit]")
    page.wait_for_selector(".o_main_navbar")


def open_form(demo, page, path):
    """Open a record's form in the manager's backend, signed in as its administrator.

    :param Demo demo: the running stack
    :param str path: behind `/odoo/`, such as ``instances/5``
    """
    manager = demo.description["manager"]
    sign_in(page, manager["url"], manager["login"], manager["password"])
    page.goto(f"{manager['url']}/odoo/{path}")
    page.wait_for_selector(".o_form_view")


def is_phone(page):
    return page.viewport_size["width"] < 500


def press(page, name):
    """Press a button of a form's header; on a phone they are in a menu, which closes when the form is drawn again."""
    page.wait_for_selector(".o_form_view")
    if not is_phone(page):
        page.locator(f"button[name={name}]:visible").first.click()
        return
    from playwright.sync_api import TimeoutError as TooLate  # not everybody who imports this module has a browser

    for _attempt in range(5):
        with contextlib.suppress(TooLate):
            _press_on_phone(page, page.locator(f"button[name={name}]:visible").first)
            return
    raise AssertionError(f"the button {name} could not be pressed")


def _press_on_phone(page, button):
    page.wait_for_timeout(300)  # 19.0 draws all buttons first, and then puts those away that do not fit
    if not button.is_visible():
        # 18.0 has them all behind the cog wheel; 19.0 shows the first one and has the others behind three dots.
        dots = page.locator(".o_statusbar_buttons button:has(.oi-ellipsis-v)")
        (dots if dots.count() else page.locator(".o_control_panel button:has(.fa-cog)")).first.click(timeout=5000)
        page.wait_for_timeout(1000)  # 19.0 slides them up, and away again when a click scrolls to them before
    button.click(timeout=5000)


def choose(page, field, label):
    """Choose a record in a many2one: from a drop-down list, on a phone from a dialog."""
    if is_phone(page):
        page.click(f"div[name={field}] input")
        page.click(f".modal .o_kanban_record:has-text('{label}'), .modal .o_data_row:has-text('{label}')")
    else:
        page.fill(f"div[name={field}] input", label)
        page.click(f".o-autocomplete--dropdown-item:has-text('{label}') >> nth=0")
