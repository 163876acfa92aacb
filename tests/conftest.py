"""For all tests: the engine is imported without Odoo, the helpers of `tests/support` by their names."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

for folder in (ROOT / "addons" / "saas_manager", ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
