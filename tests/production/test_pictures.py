"""Pictures: each that a page shows is there, each that is there was taken by `make screenshots`, and all are small."""

import ast
import re
import struct
from pathlib import Path

import pytest
from pictures import addon_pages, icons
from pictures.scenes import SCENES

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
DOCUMENTS = [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))]
ADDONS = [
    path.parent for folder in ("addons", "examples") for path in sorted((ROOT / folder).glob("*/__manifest__.py"))
]
LARGEST = 150_000


def size(picture):
    """Return width and height, which a PNG has in its first chunk."""
    return struct.unpack(">II", picture.read_bytes()[16:24])


def shown():
    """Return the pictures that the documents show."""
    found = set()
    for document in DOCUMENTS:
        for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", document.read_text()):
            found.add((document.parent / target).resolve())
    return found


def test_every_picture_of_a_document_is_there_and_every_one_that_is_there_is_shown():
    assert {path.name for path in shown()} == {path.name for path in IMAGES.iterdir()}
    assert {path.parent for path in shown()} == {IMAGES}


def test_every_picture_was_taken_by_the_program():
    assert {path.stem: size(path)[0] for path in IMAGES.glob("*")} == {
        name: width for name, (width, _scene) in SCENES.items()
    }


def test_pictures_are_small():
    large = {path.name: path.stat().st_size for path in IMAGES.iterdir() if path.stat().st_size > LARGEST}
    assert not large


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_every_addon_has_a_page_and_an_icon(addon):
    folder = addon / "static" / "description"
    assert size(folder / "icon.png") == (icons.SIZE, icons.SIZE)
    assert (folder / "icon.svg") in icons.sources(ROOT)
    page = folder / "index.html"
    assert page in addon_pages.pages(ROOT)
    assert "How to begin" in page.read_text()
    names = addon_pages.pictures(page)
    assert {path.name for path in folder.iterdir()} == {"icon.png", "icon.svg", "index.html"} | names
    for name in names:
        assert (folder / name).read_bytes() == (IMAGES / name).read_bytes(), f"{name}: `make screenshots` copies it"


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_odoo_serves_the_pictures(addon):
    # Of an addon that can't be installed it does so only if that has assets (odoo.http.Application.statics).
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text())
    assert manifest.get("installable", True) or manifest.get("assets")


def test_the_app_has_its_icon_in_the_menu():
    menus = (ROOT / "addons/saas_manager/views/saas_manager_menus.xml").read_text()
    assert 'web_icon="saas_manager,static/description/icon.png"' in menus
