"""The texts of the addons and their translations: exported by Odoo from a database of its own, then merged."""

from pathlib import Path

from stack import console
from stack.checks.server import database, forget_given
from stack.errors import StackError
from stack.odoo_source import TARGET
from stack.processes import clean_environment, run

ADDONS = ("saas_manager", "saas_tenant")
NEVER_INSTALLED = "saas_gateway"
EXPORT = Path(__file__).parent / "export_texts.py"
MERGE = Path(__file__).parent / "merge_translations.py"


def update(context):
    """Write each addon's .pot anew and bring its .po files up to it.

    :return: the translations that are missing, in words; empty where all are there
    """
    source = context.odoos.get(TARGET)
    if not source:
        raise StackError(f"The texts are exported by Odoo {TARGET}, which this machine does not have.")
    forget_given()
    with database(context, source) as stack:
        with console.step("Installing the addons in a database of its own"):
            _odoo(context, stack, f"--init={','.join(ADDONS)}", "--without-demo=all", "--stop-after-init")
        remarks = []
        for addon in (*ADDONS, NEVER_INSTALLED):
            with console.step(f"Texts of {addon}") as step:
                template = context.paths.addons / addon / "i18n" / f"{addon}.pot"
                _export(context, stack, addon, template)
                said = run([stack.python, "-I", MERGE, template], what="Merging the translations").splitlines()
                step.result = said.pop(0)
                remarks += said
    return remarks


def _export(context, stack, addon, template):
    if addon == NEVER_INSTALLED:
        run([stack.python, "-I", EXPORT, template.parent.parent, template], what="Exporting the texts")
    else:
        _odoo(context, stack, f"--i18n-export={template}", f"--modules={addon}")


def _odoo(context, stack, *arguments):
    command = stack.manager_command("--no-http", "--workers=0", "--max-cron-threads=0", *arguments)
    environment = clean_environment(**stack.manager_environment(), ODOO_QUEUE_JOB_CHANNELS="root:0")
    log = context.log("translations")
    log.parent.mkdir(mode=0o700, exist_ok=True)
    run(command, environment=environment, log=log, cwd=stack.odoo.home, what="Odoo")
