"""A second wall around code that a tenant's administrator writes, behind `saas_tenant`, which refuses most of it.

`'{0.__init__.__globals__[…]}'.format(x)` walks from any object to every tenant's secrets. Odoo's safe_eval looks
at the names in the code; this walk hides in a string. So `format` is accepted on a string literal whose fields
touch nothing private, and on an amount's currency, and refused on anything else. The attributes that lead from an
environment to other databases are refused by name.
"""

import dis
import re
import string

import odoo.tools.safe_eval

from . import wrapping

WALKS = {"format", "format_map"}
WAYS_OUT = {"registry", "registries", "pool", "connection", "_cnx"}
UNSAFE = {*odoo.tools.safe_eval._UNSAFE_ATTRIBUTES, *WAYS_OUT, "f_back"}
NUMBER_FORMATTERS = {"currency", "currency_id"}  # record.currency_id.format(amount)
ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}
SILENT = {"CACHE", "PUSH_NULL", "EXTENDED_ARG", "NOP"}


def _is_harmless_template(text):
    """Tell whether the fields of a format string stay on what code may name anyway."""
    if not isinstance(text, str):
        return False
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError:
        return True  # no format string: formatting it fails
    for _, field, spec, _ in fields:
        parts = re.split(r"[.\[\]]", field or "")
        if "{" in (spec or "") or any(part.startswith("_") or "__" in part or part in UNSAFE for part in parts):
            return False
    return True


def _is_harmless(owner):
    """Tell whether `format` may be taken from what this instruction leaves on the stack."""
    if owner is None:
        return False
    if owner.opname == "LOAD_CONST":
        return _is_harmless_template(owner.argval)
    return owner.opname in ATTRIBUTE and owner.argval in NUMBER_FORMATTERS


def assert_no_walk(code, expression):
    """Raise NameError if the code takes `format` from anything but a harmless literal, or names a way out."""
    for name in WAYS_OUT.intersection(code.co_names):
        raise NameError(f"Access to forbidden name {name!r} ({expression!r})")
    if WALKS.isdisjoint(code.co_names):
        return
    owner = None
    for instruction in dis.get_instructions(code):
        if instruction.opname in SILENT:
            continue
        # A jump that ends here brings another owner than the one in the line before.
        takes = instruction.opname != "LOAD_CONST" and instruction.argval in WALKS
        if takes and (instruction.is_jump_target or not _is_harmless(owner)):
            raise NameError(f"format is for string literals only ({expression!r})")
        owner = instruction


def _build(assert_no_dunder_name):
    def assert_harmless(code_obj, expr):
        assert_no_dunder_name(code_obj, expr)
        assert_no_walk(code_obj, expr)

    return assert_harmless


def install():
    """Wrap the check that every piece of sandboxed code passes, QWeb's included."""
    wrapping.replace(odoo.tools.safe_eval, "assert_no_dunder_name", _build)
