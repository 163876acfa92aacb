"""After `base` and before the apps, fed to `odoo-bin shell`: `env` is the shell's own.

Apps look at language, country and currency while they are installed: their texts come with them, and Odoo installs
the chart of accounts and the other modules of the company's country by itself.
"""
# ruff: noqa: F821

import os
import sys

sys.path.insert(0, os.environ["SAAS_TEMPLATE_SCRIPTS"])

from template_parts import locality  # noqa: E402

locality.activate_language(env, os.environ["SAAS_TEMPLATE_LANG"])
locality.set_country(env, os.environ["SAAS_TEMPLATE_COUNTRY"])
locality.set_currency(env, os.environ["SAAS_TEMPLATE_CURRENCY"])
env.cr.commit()
