"""The "Blank" template: built at the first start, so that the first provision works at once."""

import time

from stack import console, logs, manager_database
from stack.errors import StackError

XML_ID = ("saas_manager", "template_blank")
MINUTES = 15
SECONDS_BETWEEN_NOTES = 8


class TemplateNotBuilt(StackError):
    """The template could not be built. Everything else works, so that people can look for the reason."""


def make_ready(stack):
    """Build the template unless it is ready, and wait for it.

    :return: its state in words
    """
    manager = manager_database.administrator(stack)
    _model, template = manager.call("ir.model.data", "check_object_reference", *XML_ID)
    state = _read(manager, template, "state")["state"]
    if state == "ready":
        return "ready"
    if state != "building":
        manager.call("saas.template", "action_build", [template])
    return _wait(manager, template, stack)


def _read(manager, template, *fields):
    return manager.call("saas.template", "read", [template], fields)[0]


def _wait(manager, template, stack):
    began = told = time.monotonic()
    while (values := _read(manager, template, "state", "build_progress"))["state"] == "building":
        if time.monotonic() - began > MINUTES * 60:
            raise TemplateNotBuilt(f"It is not ready after {MINUTES} minutes, see {stack.paths.logs}/manager.log")
        if values["build_progress"] and time.monotonic() - told > SECONDS_BETWEEN_NOTES:
            told = time.monotonic()
            line = logs.ODOO_LINE.match(values["build_progress"])
            console.note(f"{told - began:3.0f} s  {line[5] if line else values['build_progress']}")
        time.sleep(0.5)
    if values["state"] != "ready":
        failure = _read(manager, template, "build_error", "build_log")
        lines = (failure["build_log"] or "").splitlines()[-15:]
        raise TemplateNotBuilt("\n    ".join([f"It could not be built: {failure['build_error']}", *lines]))
    return "built"
