"""For all tests: the engine is imported without Odoo, the helpers of `tests/support` by their names."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

for folder in (ROOT / "addons" / "saas_manager", ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# What several folders share. The browser tests have an environment without Odoo, those of an installation one without
# PostgreSQL's client: hypothesis is in none but the one that needs these.
pytest_plugins = ["support.engine_server", "support.tenant_service"] if importlib.util.find_spec("hypothesis") else []
