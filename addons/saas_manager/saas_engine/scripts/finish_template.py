"""The end of a template's build, fed to `odoo-bin shell`: `env` is the shell's own."""
# ruff: noqa: F821

import os
import sys

sys.path.insert(0, os.environ["SAAS_TEMPLATE_SCRIPTS"])

from template_parts import accounting, assets, leftovers, locality  # noqa: E402

locality.speak_language(env, os.environ["SAAS_TEMPLATE_LANG"])
accounting.require_chart(env)
locality.set_currency(env, os.environ["SAAS_TEMPLATE_CURRENCY"])  # the chart has set its country's
locality.set_time_zone(env, os.environ["SAAS_TEMPLATE_TZ"])
locality.set_paper(env, os.environ["SAAS_TEMPLATE_PAPER"])
assets.generate(env)
leftovers.remove(env)
env.cr.commit()
