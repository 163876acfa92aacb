"""The only place that knows which Odoo series is running (18.0, or 19.0 and later)."""

from odoo import models
from odoo.release import version_info

ODOO_19 = version_info[0] >= 19

if ODOO_19:
    Constraint = models.Constraint
else:

    class Constraint:
        """`models.Constraint` of 19.0, written as an entry of `_sql_constraints`."""

        def __init__(self, definition, message=""):
            self.definition = definition
            self.message = message

        def __set_name__(self, owner, name):
            constraint = (name.removeprefix("_"), self.definition, self.message)
            owner._sql_constraints = [*owner.__dict__.get("_sql_constraints", []), constraint]
