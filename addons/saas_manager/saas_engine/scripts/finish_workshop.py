"""The end of a template that was configured by hand, fed to `odoo-bin shell`: `env` is the shell's own."""
# ruff: noqa: F821

import os
import sys

sys.path.insert(0, os.environ["SAAS_TEMPLATE_SCRIPTS"])

from template_parts import assets, leftovers  # noqa: E402

assets.generate(env)  # an app that was installed by hand has its own
leftovers.remove(env)
env.cr.commit()
leftovers.remove_files(env)
