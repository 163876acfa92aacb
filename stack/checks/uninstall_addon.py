# Read by Odoo's shell, which provides `env`; NAME comes in front of it (odoo_addons.py).
import sys

env["ir.module.module"].search([("name", "=", NAME)]).button_immediate_uninstall()  # noqa: F821
env.cr.execute("SELECT state FROM ir_module_module WHERE name = %s", [NAME])  # noqa: F821
state = env.cr.fetchone()[0]  # noqa: F821
env.cr.execute("SELECT model, name FROM ir_model_data WHERE module = %s", [NAME])  # noqa: F821
records = env.cr.fetchall()  # noqa: F821
# What another addon of ours owns has its model, or is a relation between models.
env.cr.execute(  # noqa: F821
    """SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE %s
        AND relname NOT IN (SELECT replace(model, '.', '_') FROM ir_model UNION SELECT name FROM ir_model_relation)""",
    ["saas\\_%"],
)
tables = env.cr.fetchall()  # noqa: F821
if state != "uninstalled" or records or tables:
    sys.exit(f"{NAME} is {state} and left {records} {tables}")  # noqa: F821
