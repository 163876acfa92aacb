"""Finds the expressions that a server evaluates in a view, in the text of a mail, in a line with placeholders.

Plain Python with lxml, no Odoo. An expression is a pair of its kind (see `grammar`) and its text.
"""

import re

from lxml import etree, html

from .grammar import DOMAIN, INLINE, QWEB

# The very patterns that Odoo looks for: `#{a}` and `{{ a }}` in t-attf-*, t-valuef, t-call; `{{ a ||| b }}` in lines.
FORMAT = re.compile(r"#\{(.+?)\}|\{\{(.+?)\}\}")
PLACEHOLDER = re.compile(r"\{\{(.+?)(\|\|\|\s*(.*?))?\}\}")
# Directives that no server evaluates: they are printed, or compared with a word.
PRINTED = {"t-name", "t-title", "t-translation", "t-ignore", "t-thumbnail", "t-image-preview", "t-groups"}
JOINED_BY = {"and", "or", ","}
# Odoo refuses a text that names its encoding; nothing is evaluated then, and nobody is to see an error of ours.
DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")


def tidy(text):
    """Return an expression as it is compared: blanks and line ends mean nothing."""
    return " ".join((text or "").split())


def of_line(text):
    """Return the expressions of a text with placeholders `{{ … }}`."""
    return {(INLINE, tidy(found[1])) for found in PLACEHOLDER.finditer(text or "")} - {(INLINE, "")}


def of_format(value):
    """Return the expressions in a value that QWeb formats, such as that of `t-attf-title`."""
    return {(QWEB, tidy(found[1] or found[2])) for found in FORMAT.finditer(value)}


def of_view(text, call_arguments=False):
    """Return the expressions of a view's architecture.

    :param bool call_arguments: every attribute of `<t t-call>` is an expression too (Odoo 19)
    """
    text = DECLARATION.sub("", text or "", count=1)
    if not text.strip():
        return set()
    try:
        root = etree.fromstring(text)  # noqa: S320 - read exactly as Odoo reads it
    except (etree.XMLSyntaxError, ValueError):
        # What is no XML Odoo reads as HTML, and saves as XML.
        root = html.fragment_fromstring(text, create_parent="div")
    return of_tree(root, call_arguments)


def of_mail(text, call_arguments=False):
    """Return the expressions of HTML that QWeb renders. What stands in braces there is text."""
    text = DECLARATION.sub("", text or "", count=1)
    if not text.strip():
        return set()
    return of_tree(html.fragment_fromstring(text, create_parent="div"), call_arguments)


def of_tree(root, call_arguments=False):
    """Return the expressions of an element and all that is in it."""
    found = set()
    for element in root.iter(etree.Element):
        for name, value in element.attrib.items():
            found.update(_of_attribute(element, name, value, call_arguments))
        if element.tag == "attribute":
            found.update(_of_change(element, call_arguments))
    return {(kind, expression) for kind, expression in found if expression}


def _of_attribute(element, name, value, call_arguments):
    if name.startswith("t-"):
        return _of_directive(name, value)
    if element.tag == "filter" and name == "domain":
        return {(DOMAIN, tidy(value))}
    if call_arguments and etree.QName(element).localname == "t":
        return of_format(value) if name.endswith((".f", ".translate")) else {(QWEB, tidy(value))}
    return ()


def _of_directive(name, value):
    if name in PRINTED:
        return ()
    if name.startswith("t-attf-") or name == "t-valuef":
        return of_format(value)
    if FORMAT.search(value) and name in ("t-call", "t-snippet", "t-snippet-call"):
        # What is written between the formats becomes a part of code in the editor's own directives.
        return {*of_format(value), (QWEB, tidy(FORMAT.sub("", value)))}
    return {(QWEB, tidy(value))}


def _of_change(element, call_arguments):
    """What `<attribute name="t-if">` of an inheriting view sets, adds to or takes from another view's attribute."""
    name, separator = element.get("name", ""), element.get("separator")
    if not name.startswith("t-") and not (call_arguments or name == "domain"):
        return ()
    pieces = [element.text or "", element.get("add", ""), element.get("remove", "")]
    if name == "domain":
        return {(DOMAIN, tidy(piece)) for piece in pieces}
    if separator is not None and separator.strip() not in JOINED_BY:
        # Pieces of code would be cut and joined anywhere: known as a whole, or not at all.
        return {(QWEB, tidy(f"add ({pieces[1]}) remove ({pieces[2]}) separator ({separator})"))}
    directive = name if name.startswith("t-") else "t-out"
    return {found for piece in pieces for found in _of_directive(directive, piece)}
