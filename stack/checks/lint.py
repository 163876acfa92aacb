"""The linters, in the versions of requirements/lint.txt and .ci/node/package-lock.json."""

import hashlib
import os
import shutil

from stack.checks.command import check, run
from stack.checks.report import CheckSkipped
from stack.locks import locked
from stack.paths import ROOT
from stack.processes import clean_environment

CODE = ("addons", "examples", "stack", "tests")


def checks(context):
    """Return the linters by name."""
    return {
        "lint ruff": lambda: _ruff(context, "check"),
        "lint ruff format": lambda: _ruff(context, "format", "--check"),
        "lint pylint-odoo": lambda: _pylint(context),
        "lint oca modules": lambda: _oca(context),
        "lint oca translations": lambda: _translations(context),
        "lint secrets": lambda: _secrets(context),
        "lint eslint": lambda: _eslint(context),
        "lint prettier": lambda: _prettier(context, "--check"),
    }


def fix(context):
    """Format all files (`make format`)."""
    _ruff(context, "format")
    _prettier(context, "--write")


def _addons(context):
    folders = (context.paths.addons, context.root / "examples")
    return [path.parent for folder in folders for path in sorted(folder.glob("*/__manifest__.py"))]


def _ruff(context, *command):
    return check([context.tool("ruff"), *command, *CODE], context.log(f"ruff-{command[0]}"), cwd=context.root)


def _pylint(context):
    command = [context.python("lint"), "-m", "pylint", "--rcfile=.pylintrc-mandatory", *_addons(context)]
    return check(command, context.log("pylint"), cwd=context.root)


def _oca(context):
    command = [context.tool("oca-checks-odoo-module"), *_addons(context)]
    return check(command, context.log("oca-modules"), cwd=context.root, environment=_with_git(context))


def _translations(context):
    files = sorted(context.paths.addons.glob("*/i18n/*.po"))
    if not files:
        raise CheckSkipped("no translation yet")
    # The form that the check below wants has no translation where the German is as the English: it would look like one
    # that is missing. Odoo's own files have it; the rest of the form is held by tests/unit/test_translations.py.
    command = [context.tool("oca-checks-po"), "--disable=po-pretty-format", *files]
    return check(command, context.log("oca-po"), cwd=context.root)


def _secrets(context):
    """No secret in what is shipped. Tests have made-up ones."""
    folders = (context.paths.addons, context.root / "stack", context.root / "docs")
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if _may_hold_a_secret(path)]
    files += sorted(context.root.glob("*.conf")) + sorted(context.root.glob("*.md"))
    return check([context.tool("detect-secrets-hook"), *files], context.log("secrets"), cwd=context.root)


def _may_hold_a_secret(path):
    kinds = {".py", ".xml", ".csv", ".js", ".md", ".json", ".sql", ".conf", ".yml", ".sh"}
    return path.suffix in kinds and not {"tests", "i18n", "__pycache__"}.intersection(path.parts[len(ROOT.parts) :])


def _with_git(context):
    """The tool asks Git for the files; a checkout of another user's would be refused as unsafe."""
    return clean_environment(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0=context.root)


def _eslint(context):
    files = sorted(context.paths.addons.glob("*/static/**/*.js"))
    if not files:
        raise CheckSkipped("no JavaScript yet")
    modules = _node_modules(context)
    environment = clean_environment(NODE_PATH=modules)
    command = [modules / ".bin" / "eslint", "--config=eslint.config.cjs", *files]
    return check(command, context.log("eslint"), cwd=context.root, environment=environment)


def _prettier(context, mode):
    modules = _node_modules(context)
    plugin = modules / "@prettier" / "plugin-xml" / "src" / "plugin.js"
    kinds, folders = ("js", "scss", "css", "xml"), (context.paths.addons, context.root / "examples")
    files = [path for folder in folders for kind in kinds for path in sorted(folder.rglob(f"*.{kind}"))]
    command = [modules / ".bin" / "prettier", mode, "--config=.prettierrc.json", f"--plugin={plugin}", *files]
    return check(command, context.log("prettier"), cwd=context.root)


def _node_modules(context):
    """Return the folder of the JavaScript tools, installing them at the first time.

    :raise CheckSkipped: without Node.js or its registry
    """
    if not shutil.which("npm"):
        raise CheckSkipped("no Node.js here (npm is not on PATH)")
    lock = context.root / ".ci" / "node" / "package-lock.json"
    folder = context.paths.cache / f"node-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    with locked(context.paths.cache / ".node.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(lock.parent, folder)
            environment = {
                **clean_environment(),
                **{name: value for name, value in os.environ.items() if "npm" in name},
            }
            code, output = run(
                ["npm", "ci", "--no-fund", "--no-audit", "--ignore-scripts"],
                context.log("npm"),
                cwd=folder,
                environment=environment,
            )
            if code:
                raise CheckSkipped(f"npm can't install the tools: {output.strip().splitlines()[-1]}")
            (folder / "complete").touch()
    return folder / "node_modules"
