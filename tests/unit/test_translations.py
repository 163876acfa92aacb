"""The German translation is complete, and the .pot files have the texts that stand in the code."""

import ast
import html
import re
from pathlib import Path

import polib
import pytest

ADDONS = Path(__file__).resolve().parents[2] / "addons"
TEMPLATES = sorted(ADDONS.glob("*/i18n/*.pot"))
EXPORT = "run `make translations`"
PLACEHOLDER = re.compile(r"%\(\w+\)[\d.]*[sdf]|%[\d.]*[sdf]\b|{{.*?}}")
# What a program reads of a tag: its name, and the attributes that are no words for people.
TAG = re.compile(r"</?\w+|\b(?:t-[\w-]+|style|class|href|groups|invisible)=\"[^\"]*\"")
TRANSLATED_KEYWORDS = ("string", "help")
TRANSLATED_ATTRIBUTES = re.compile(r"\s(?:string|placeholder|confirm|title|aria-label|title\.translate)=\"([^\"]+)\"")


def by_addon(path):
    return path.parent.parent.name


def by_language(path):
    return f"{by_addon(path)}-{path.stem}"


def read_translations():
    return [path for template in TEMPLATES for path in sorted(template.parent.glob("*.po"))]


def find_sources(template, pattern):
    """Return the text of each source file of the .pot's addon, by path; tests have no texts for people."""
    folder = template.parent.parent
    paths = [path for path in sorted(folder.rglob(pattern)) if "tests" not in path.relative_to(folder).parts]
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


def exported(template):
    return {entry.msgid for entry in polib.pofile(str(template))}


def marks(text, with_markup=True):
    """Return what a translation must have as the source has it, in any order."""
    return sorted(PLACEHOLDER.findall(text) + (TAG.findall(text) if with_markup else []))


def is_same(entry):
    """Return whether a translation has the marks of its source. Only pages and mails have tags."""
    with_markup = any(kind.startswith(("model_terms:", "model:mail.template")) for kind, _line in entry.occurrences)
    return marks(entry.msgid, with_markup) == marks(entry.msgstr, with_markup)


def test_each_addon_with_texts_is_translated():
    translated = {by_language(path) for path in read_translations()}
    assert translated >= {"saas_manager-de", "saas_tenant-de", "saas_gateway-de"}


@pytest.mark.parametrize("path", read_translations(), ids=by_language)
def test_every_text_is_translated(path):
    translation = polib.pofile(str(path))
    [template] = path.parent.glob("*.pot")
    assert {entry.msgid for entry in translation} == exported(template), EXPORT
    assert [entry.msgid for entry in translation.untranslated_entries()] == []
    assert [entry.msgid for entry in translation.fuzzy_entries()] == []
    assert [entry.msgid for entry in translation.obsolete_entries()] == []


@pytest.mark.parametrize("path", [*TEMPLATES, *read_translations()], ids=by_language)
def test_the_form_is_the_export_s(path):
    """Sorted and wrapped as Odoo writes it, so that a change shows what has changed and nothing else."""
    entries = polib.pofile(str(path))
    entries.sort(key=lambda entry: entry.msgid)
    assert str(entries) == path.read_text(), EXPORT


@pytest.mark.parametrize("path", read_translations(), ids=by_language)
def test_placeholders_and_tags_are_the_same(path):
    assert not {entry.msgid: entry.msgstr for entry in polib.pofile(str(path)) if not is_same(entry)}


def test_a_lost_placeholder_is_noticed():
    assert marks("%(count)s of <b>%s</b> in %(time).1f s") == marks("<b>%s</b>: %(count)s, %(time).1f s")
    assert marks("%(count)s clones") != marks("%(Anzahl)s Klone")
    assert marks('<i class="fa"/> x') != marks('<i class="f"/> x')


def texts_of_python(source):
    """Return the texts of a module that Odoo exports and that stand in it as they are."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            found |= {_text(each) for each in node.args[:1] if name in ("_", "_lt")}
            if _owner(node.func) == "fields":
                found |= {_text(each.value) for each in node.keywords if each.arg in TRANSLATED_KEYWORDS}
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_description":
            found.add(_text(node.value))
    return found - {None}


def _text(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _owner(function):
    return getattr(getattr(function, "value", None), "id", "")


def test_texts_of_python_are_found():
    source = "_description = 'A'\nx = fields.Char(string='B', help='C' 'D')\nself.env._('E')\n_lt('F')\nother('G')"
    assert texts_of_python(source) == {"A", "B", "CD", "E", "F"}


@pytest.mark.parametrize("template", TEMPLATES, ids=by_addon)
def test_texts_of_python_are_exported(template):
    known, found = exported(template), {}
    for path, source in find_sources(template, "*.py").items():
        found |= {text: path for text in texts_of_python(source)}
    assert len(found) > 5
    assert not {text: path for text, path in found.items() if text not in known}, EXPORT


@pytest.mark.parametrize("template", [path for path in TEMPLATES if by_addon(path) != "saas_gateway"], ids=by_addon)
def test_texts_of_pages_are_exported(template):
    """Labels and hints of views and of the browser's templates; inside a sentence they are a part of its text."""
    known, found = "\0".join(["", *exported(template), ""]), {}
    for path, source in find_sources(template, "*.xml").items():
        texts = [html.unescape(re.sub(r"\s+", " ", text)) for text in TRANSLATED_ATTRIBUTES.findall(source)]
        found |= {text: path for text in texts if re.search(r"[a-z]", text)}
    for path, source in find_sources(template, "*.js").items():
        found |= {ast.literal_eval(text): path for text in re.findall(r"\b_t\(\s*(\"(?:[^\"\\]|\\.)*\")", source)}
    assert found
    missing = {text for text in found if f"\0{text}\0" not in known and f'"{text}"' not in known}
    assert not {text: found[text] for text in missing}, EXPORT
