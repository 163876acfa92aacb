"""Refuses what is new in fields that a shared service would evaluate."""

import contextlib

from .. import policy
from . import guarded, known

SHOWN = 100


def refuse_new(records, found, before=(), module=None):
    """Raise UserError if any of the expressions is new.

    :param records: whose fields hold them; their own content proves nothing
    :param before: texts by field that the records had already, see `known.stored_texts`
    :param str module: whose files to look at first
    """
    new = known.not_plain(found)
    if new and before:
        new -= guarded.expressions(records, before)
    if new:
        new = known.find_new(records, new, module)
    _refuse(records, new)


def _refuse(records, new):
    if new:
        shown = shorten(min(text for _kind, text in new))
        what = records.env["ir.model"]._get(records._name).name or records._description
        policy.refuse_own_code(
            records.env,
            records.env._("%(what)s with the expression “%(expression)s”", what=what, expression=shown),
        )


def shorten(expression):
    """Return an expression as a message shows it."""
    return expression if len(expression) <= SHOWN else f"{expression[:SHOWN]}…"


def check_values(records, vals_list):
    """Refuse what values would bring to records, before anything evaluates them.

    :param records: those that the values are for; none before they are created
    """
    if not guarded.is_guarded(records) or policy.is_own_code_allowed(records.env):
        return
    names = guarded.names(records, {name for vals in vals_list for name in vals})
    texts = {name: [vals[name] for vals in vals_list if vals.get(name)] for name in names}
    found = known.not_plain(guarded.expressions(records, texts))
    if found:
        found -= guarded.expressions(records, known.default_texts(records, names))
        refuse_new(records, found, known.stored_texts(records, names))


def check_stored(records, names, before=(), module=None):
    """Refuse what is new in the database, in any language.

    :param before: see `refuse_new`
    """
    if not policy.is_own_code_allowed(records.env):
        found = guarded.expressions(records, known.stored_texts(records, names))
        refuse_new(records, found, before, module)


def check_text(records, name, text):
    """Refuse a text that is about to be rendered as if it stood in a field, wherever it came from."""
    if not policy.is_own_code_allowed(records.env):
        refuse_new(records, guarded.expressions(records, {name: [text]}))


@contextlib.contextmanager
def watch(records, names, module=None):
    """Refuse what the block brings to the database for some fields of records, in any language."""
    names = guarded.names(records, names)
    if not names or policy.is_own_code_allowed(records.env):
        yield
        return
    before = known.stored_texts(records, names)
    yield
    check_stored(records, names, before, module)


@contextlib.contextmanager
def watch_all(env):
    """Refuse what the block brings to any field of the database that is evaluated, by whatever means."""
    models = {model: names for model in known.stored_models(env) if (names := guarded.names(model, model._fields))}
    before = {model: _find_all(model, names) for model, names in models.items()}
    yield
    env.invalidate_all()
    for model, names in models.items():
        _refuse(model, known.find_foreign(env, _find_all(model, names) - before[model]))


def _find_all(model, names):
    found = set()
    for _id, texts in known.all_texts(model, names):
        found |= known.not_plain(guarded.expressions(model, texts))
    return found
