"""A name that leads outside when it is looked at, and inside when it is connected to."""

import os
import subprocess
import sys

import pytest
from support import outgoing_names
from support.odoo_home import ROOT, odoo_home

OUTSIDE = "['93.184.216.34']"
EXPECTED = f"""
by_library outside : {OUTSIDE}
by_library inside : refused
by_library metadata : refused
by_library rebind outside,inside: {OUTSIDE}
by_library rebind inside,outside: refused
by_name outside : {OUTSIDE}
by_name inside : refused
by_name metadata : refused
by_name rebind outside,inside: {OUTSIDE}
by_name rebind inside,outside: refused
"""


def test_what_was_looked_at_is_what_is_connected_to():
    """The first answer of the resolver is judged and connected to; there is no second question."""
    if not (odoo_home() / "odoo-bin").exists():
        pytest.skip("NO ODOO: set ODOO_HOME, or let `make demo` fetch one")
    path = os.pathsep.join([str(odoo_home()), str(ROOT / "addons")])
    command = [sys.executable, outgoing_names.__file__]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.split("\n") == EXPECTED.lstrip().split("\n"), done.stderr[-3000:]
