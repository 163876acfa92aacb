"""What Odoo's modules bring: the expressions, domains and code in their data files.

Files can't be changed by a tenant, so this is what its database is measured against. Read once per process and module,
for all tenants of it. Plain Python with lxml, no Odoo.
"""

import ast
import functools
import logging
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from . import extract
from .grammar import QWEB, is_plain

_logger = logging.getLogger(__name__)

# Not read by a server as data: what browsers load, and what only tests load.
OTHER_FOLDERS = {"static", "tests", "node_modules"}

TRANSLATION = re.compile(r'^msgstr((?:\s*"(?:[^"\\]|\\.)*")+)', re.MULTILINE)
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\(.)")
# A translation without any of these is no template and names no record.
MARKS = ("{{", "#{", " t-", "object")


class Shipped(NamedTuple):
    """What one module's files hold, each text tidied."""

    expressions: frozenset = frozenset()
    values: frozenset = frozenset()
    codes: frozenset = frozenset()


def tidy_code(text):
    """Return Python as it is compared: how deep it stands, and what blanks its lines end in, means nothing."""
    lines = [line.rstrip() for line in (text or "").strip("\n").splitlines()]
    return "\n".join(line for line in textwrap.dedent("\n".join(lines)).strip().splitlines() if line)


@functools.cache
def of_folder(folder, call_arguments=False):
    """Return what a module's folder holds; nothing for one that is not there.

    :param str folder: where the module lies
    :param bool call_arguments: see `extract.of_view`
    """
    expressions, values, codes = set(), set(), set()
    for path in sorted(Path(folder).rglob("*.xml")):
        if OTHER_FOLDERS.intersection(path.relative_to(folder).parts):
            continue
        root = _read(path)
        if root is None:
            continue
        expressions.update(extract.of_tree(root, call_arguments))
        # A template's name becomes an attribute of its `<t>`, where it looks like an argument.
        expressions.update((QWEB, extract.tidy(template.get("name"))) for template in root.iter("template"))
        for field in root.iter("field"):
            text = field.text if field.text and field.text.strip() else _literal(field.get("eval"))
            if text:
                expressions.update(_of_text(text, call_arguments))
                values.add(extract.tidy(text))
                codes.add(tidy_code(text))
    return Shipped(frozenset(text for _kind, text in expressions), frozenset(values), frozenset(codes))


def _read(path):
    try:
        return etree.parse(str(path)).getroot()  # noqa: S320 - files of the service itself
    except etree.XMLSyntaxError as error:
        # Odoo's own modules have empty ones.
        _logger.info("%s cannot be read: %s", path, error)
        return None


def _literal(text):
    """Return the text or the list that an `eval` gives, as Odoo stores it, or None if it is worked out."""
    try:
        value = ast.literal_eval((text or "").strip())
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, str) else repr(value)


def _of_text(text, call_arguments):
    """Return the expressions of a template that stands in a file as text, not as elements."""
    found = extract.of_line(text)
    return found | extract.of_mail(text, call_arguments) if "<" in text and "t-" in text else found


@functools.cache
def of_translation(path, call_arguments=False):
    """Return what the translations of a PO file hold: subjects of mails and names of reports are translated as code."""
    expressions, values = set(), set()
    for found in TRANSLATION.finditer(Path(path).read_text(encoding="utf-8")):
        text = "".join(QUOTED.findall(found[1]))
        is_template = any(mark in text for mark in MARKS)
        if is_template or call_arguments:
            text = ESCAPED.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], text)
        tidied = extract.tidy(text)
        if call_arguments and not is_plain(tidied):
            # The label of a `<t>` is translated as well, and looks like an argument of a call: "Devise de l'avoir".
            expressions.add((QWEB, tidied))
        if is_template:
            expressions.update(_of_text(text, call_arguments) | extract.of_format(text))
            values.add(tidied)
    return Shipped(frozenset(text for _kind, text in expressions), frozenset(values))
