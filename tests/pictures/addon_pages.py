"""The pages of the Apps screen: an addon carries copies of the pictures that its page shows."""

import re
import shutil


def pages(root):
    """Return the index.html of every addon of the checkout."""
    return sorted(
        file for folder in ("addons", "examples") for file in root.glob(f"{folder}/*/static/description/index.html")
    )


def pictures(page):
    """Return the names of the files beside a page that it shows, but for the icon, which is the addon's own."""
    return set(re.findall(r'<img[^>]*\ssrc="([^":]+)"', page.read_text())) - {"icon.png"}


def copy(root, images):
    """Copy what the pages show from the folder of all pictures."""
    for page in pages(root):
        for name in pictures(page):
            shutil.copyfile(images / name, page.with_name(name))
