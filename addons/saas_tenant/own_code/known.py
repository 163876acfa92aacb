"""Which of the expressions of a text are new: neither plain, nor an installed module's, nor in the database already."""

import re

from odoo.modules import get_module_path
from odoo.tools.translate import get_po_paths

from . import guarded, shipped
from .grammar import CODE, DOMAIN, is_plain

WORDS = re.compile(r"[A-Za-z0-9_.]+")
# Templates that Odoo's code makes, and copies of what is there, are found where they are.
PLACES = {"mail.template": ("body_html", "subject"), "ir.ui.view": ("arch_db",)}


def not_plain(found):
    """Return those of the expressions that need to be known."""
    return {(kind, text) for kind, text in found if not is_plain(text, kind)}


def find_new(records, found, module=None):
    """Return those of the expressions that nobody has brought here before.

    :param records: whose they are; their own content proves nothing
    :param found: pairs of kind and text
    :param str module: where to look first
    """
    env = records.env
    remembered = env["saas.tenant.plan"]._get_known_expressions()
    new = found - remembered
    if new and module in env.registry._init_modules:
        new -= _shipped_by(module, new)
    for model in PLACES if new else ():
        new -= _stored_in(env[model], new, records)
    new = find_foreign(env, new)
    remembered.update(found - new)
    return new


def find_foreign(env, found):
    """Return those of the expressions that are neither plain nor in the files of an installed module."""
    new = not_plain(found)
    for name in sorted(env.registry._init_modules) if new else ():
        new -= _shipped_by(name, new)
    for path in _translation_files(env) if new else ():
        new -= _held_by(shipped.of_translation(path, guarded.CALL_ARGUMENTS), new)
    return new


def _translation_files(env):
    languages = [code for code, _name in env["res.lang"].sudo().get_installed() if code != "en_US"]
    modules = sorted(env.registry._init_modules)
    return [path for code in languages for module in modules for path in get_po_paths(module, code)]


def files_of(module):
    """Return what the files of a module hold; nothing for one without files, as an imported one is."""
    folder = get_module_path(module, display_warning=False)
    return shipped.of_folder(folder, guarded.CALL_ARGUMENTS) if folder else shipped.Shipped()


def _shipped_by(module, found):
    return _held_by(files_of(module), found) if found else set()


def _held_by(files, found):
    return {(kind, text) for kind, text in found if any(text in texts for texts in _texts(files, kind))}


def _texts(files, kind):
    if kind == CODE:
        return (files.codes,)
    return (files.expressions, files.values) if kind == DOMAIN else (files.expressions,)


def _stored_in(model, found, without):
    """Return those of the expressions that templates of this database have."""
    words = {max(WORDS.findall(text), key=len, default="") for _kind, text in found} - {""}
    if not words:
        return set()
    texts = {name: _search_texts(model, name, words, without) for name in PLACES[model._name]}
    return guarded.expressions(model, texts) & found


def _search_texts(model, name, words, without):
    excluded = without.ids if without._name == model._name else []
    model.flush_model([name])
    # Both names are the ORM's own.
    model.env.cr.execute(
        f'SELECT "{name}" FROM "{model._table}" WHERE "{name}"::text LIKE ANY(%s) AND id != ALL(%s)',  # noqa: S608
        [[f"%{word}%" for word in words], excluded],
    )
    return [text for [value] in model.env.cr.fetchall() for text in _in_all_languages(value)]


def _in_all_languages(value):
    return list(value.values()) if isinstance(value, dict) else [value]


def stored_texts(records, names):
    """Return the texts that fields of the records have in the database, by field, in all languages."""
    texts = {name: [] for name in names}
    for _id, row in all_texts(records, names, records.ids) if records.ids else ():
        for name, values in row.items():
            texts[name].extend(values)
    return texts


def all_texts(model, names, ids=None):
    """Return pairs of a record's ID and its texts by field, in all languages, as they are in the database.

    :param list ids: of which records, None: of all
    """
    names = [name for name in names if model._fields[name].store]
    if not names:
        return []
    model.flush_model(names)
    columns = ", ".join(f'"{name}"' for name in ["id", *names])
    # The names are the ORM's own.
    query = f'SELECT {columns} FROM "{model._table}" WHERE %(ids)s::int[] IS NULL OR id = ANY(%(ids)s)'  # noqa: S608
    model.env.cr.execute(query, {"ids": ids})
    return [
        (record_id, {name: _in_all_languages(value) for name, value in zip(names, row, strict=True)})
        for record_id, *row in model.env.cr.fetchall()
    ]


def stored_models(env):
    """Return the models that have a table of their own, records of wizards apart."""
    models = [env[name] for name in env.registry]
    return [model for model in models if model._auto and not model._abstract and not model._transient]


def default_texts(model, names):
    """Return the texts that the model's own code proposes for fields, by field."""
    proposing = {name: model._fields[name].default for name in names}
    return {name: [propose(model)] for name, propose in proposing.items() if propose}


def module_of(key):
    """Return the module that a view's key or an external ID begins with, or None."""
    return key.partition(".")[0] if key else None
