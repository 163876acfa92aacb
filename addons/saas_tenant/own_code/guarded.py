"""Which fields hold something that a server evaluates, and how the expressions in them are found.

`docs/security.md` has the list with the reasons, including what is evaluated and needs no guard.
"""

from odoo.release import version_info

from . import extract, shipped
from .grammar import CODE, DOMAIN

VIEW_FIELDS = ("arch", "arch_base", "arch_db")
TEXTS = ("char", "html", "text")
# From 19.0 on `<t t-call="a" b="c"/>` gives the template `a` a variable `b`, worked out from the expression `c`.
CALL_ARGUMENTS = version_info[:2] >= (19, 0)


def _whole(text):
    return {(DOMAIN, extract.tidy(text))} - {(DOMAIN, "")}


def _code(text):
    return {(CODE, shipped.tidy_code(text))} - {(CODE, "")}


def _view(text):
    return extract.of_view(text, CALL_ARGUMENTS)


def _mail(text):
    return extract.of_mail(text, CALL_ARGUMENTS)


# Fields that `safe_eval` reads as a whole.
EVALUATED = {
    "base.automation": ("filter_domain", "filter_pre_domain", "record_getter"),
    "gamification.goal.definition": ("batch_user_expression", "domain", "res_id_field"),
    "ir.actions.act_window": ("context", "domain"),
    "ir.actions.client": ("context", "params_store"),
    "ir.actions.report": ("attachment", "print_report_name"),
    "ir.filters": ("context", "domain"),
    "ir.model.fields": ("domain",),
    "ir.rule": ("domain_force",),
}
READERS = {
    **{(model, field): _whole for model, fields in EVALUATED.items() for field in fields},
    **{("ir.ui.view", field): _view for field in VIEW_FIELDS},
    ("accounting.assert.test", "code_exec"): _code,
    ("gamification.goal.definition", "compute_code"): _code,
    ("ir.model.fields", "compute"): _code,
    ("card.template", "body"): _mail,
    ("digest.tip", "tip_description"): _mail,
    ("theme.ir.ui.view", "arch"): _view,
}
GUARDED = {model for model, _field in READERS}


def is_rendered(model):
    """Tell whether a model's texts are templates: mail, text message, mailing and what writes one."""
    return hasattr(type(model), "_has_unsafe_expression")


def is_guarded(model):
    """Tell whether a model has fields that are evaluated. Asked at every writing of any record."""
    return model._name in GUARDED or is_rendered(model)


def reader(model, name):
    """Return the function that finds the expressions of a field's text, or None if nobody evaluates the field."""
    if model._name in GUARDED:
        return READERS.get((model._name, name))
    field = model._fields.get(name) if is_rendered(model) else None
    if field is None or field.type not in TEXTS:
        return None
    if getattr(field, "render_engine", None) == "qweb":
        return _mail
    # HTML without an engine is nobody's template: the text of a newsletter while it is edited.
    return None if field.type == "html" else extract.of_line


def names(model, among):
    """Return those of the fields' names that are evaluated."""
    if not is_guarded(model):
        return []
    return sorted(name for name in among if name in model._fields and reader(model, name))


def as_text(value):
    """Return a field's value as text: dictionaries become what Odoo stores them as."""
    if not value:
        return ""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else repr(value)


def expressions(model, texts):
    """Return the expressions of texts as pairs of kind and text.

    :param model: whose fields they are for
    :param dict texts: values, in whatever form they are written in, by field
    """
    found = set()
    for name, values in texts.items():
        read = reader(model, name)
        for value in values:
            found.update(read(as_text(value)))
    return found
