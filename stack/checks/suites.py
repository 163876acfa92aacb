"""The suites of pytest: unit, integration, gateway, and those that need the whole stack."""

import os
import shlex

from stack import console, lifecycle
from stack.checks import chromium, command, container_engine, container_images
from stack.checks.report import CheckFailed, CheckSkipped, Counts
from stack.errors import StackError
from stack.odoo_source import TARGET


def checks(context):
    """Return the suites without the stack, by name."""
    return {
        "unit": lambda: _pytest(context, "unit", "test"),
        "unit production": lambda: _pytest(context, "production", "production"),
        "gateway": lambda: _with_odoo(context, "gateway"),
        "security": lambda: _with_odoo(context, "security"),
    }


def unhurried_checks(context):
    """Return the suites that measure no time, so that they may run beside others, by name."""
    return {"integration": lambda: _pytest(context, "integration", "test")}


def stack_checks(context):
    """Return the suites that run against the stack as `make up` starts it, by name."""
    return {
        "e2e": lambda: _on_stack(context, "e2e"),
    }


def last_checks(context):
    """Return the suites that come after the stack was stopped, by name."""
    return {"compose": lambda: _compose(context)}


class RunningStack:
    """The stack in the tests' own folder, started anew and deleted in the end."""

    def __init__(self, context):
        self.paths = context.paths

    def start(self):
        """Start it; a check of its own, because all the others depend on it."""
        try:
            lifecycle.reset(self.paths)
            _stack, _supervisor, ready = lifecycle.start(self.paths, foreground=True)
        except StackError as error:
            raise CheckFailed(str(error)) from error
        if not ready:
            raise CheckFailed("the Blank template could not be built")
        return Counts(passed=1)

    def stop(self, keep):
        """Stop it, and delete its data unless somebody may want to look at them."""
        lifecycle.stop(self.paths)
        if keep:
            console.warn(f"kept for a look: {self.paths.run} (SAAS_RUN_DIR={self.paths.run} make up starts it again)")
        else:
            lifecycle.reset(self.paths)


def _pytest(context, name, python, **environment):
    folder = context.root / "tests" / name
    if not list(folder.glob("test_*.py")):
        raise CheckSkipped("no tests yet")
    extra = shlex.split(os.environ.get("PYTEST_ARGS", ""))
    return command.pytest(
        context.python(python),
        [folder, *extra],
        context.log(name),
        context.environment(**environment),
        context.root,
    )


def _with_odoo(context, name):
    source = context.odoos.get(TARGET) or next(iter(context.odoos.values()), None)
    if not source:
        raise CheckSkipped("no Odoo can be had on this machine")
    return _pytest(context, name, "test", ODOO_HOME=source.home)


def _on_stack(context, name):
    if not context.paths.demo_file.exists():
        raise CheckSkipped("the stack did not start")
    remark = chromium.ensure(context)
    if remark:
        console.warn(remark)
    return _pytest(context, name, "browser", SAAS_DEMO_JSON=context.paths.demo_file, SAAS_RUN_DIR=context.paths.run)


def _compose(context):
    engine = container_engine.start(context)
    try:
        variables = container_images.prepare(context, engine)
        return _pytest(context, "compose", "production", **engine.environment, **variables)
    except StackError as error:
        raise CheckFailed(str(error)) from error
    finally:
        engine.stop()
