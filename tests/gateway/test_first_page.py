"""What makes the first page of a tenant quick: imports made ahead, files looked for once, no search for garbage."""

import json

import pytest
from support.gateway_client import seconds_until
from support.odoo_commands import ONE_SHOT, odoo

AS_SERVICE = """
import gc, sys, weakref
from odoo.addons.saas_gateway import garbage, readying, serving
from odoo.modules.registry import Registry
serving._state["serving"] = True
"""
BUILD_TWO = """
seen, stock = [], Registry.init
Registry.init = lambda self, name: (seen.append(gc.isenabled()), stock(self, name))[1]
first = weakref.ref(Registry.new("acme"))
Registry.new("acme")
print("at rest:", seen, "awake:", gc.isenabled(), "frozen:", gc.get_freeze_count() > 100000)
print("kept:", first() is not None)
garbage.look_if_worth()
print("freed:", first() is None, "frozen:", gc.get_freeze_count() > 100000)
"""
PREPARE = """
from odoo.modules import module
stock = module.load_openerp_module
module.load_openerp_module = lambda name: (print("imports", name), stock(name))[1]
readying.prepare()
print("mail:", "odoo.addons.mail" in sys.modules)
"""
LOOK_FOR_FILES = """
readying.prepare()
from odoo.addons.base.models import ir_asset
pattern = ir_asset.__file__.replace("models/ir_asset.py", "static/src/**/*")
found = ir_asset._glob_static_file(pattern)
print("found:", found == ir_asset._glob_static_file.__wrapped__(pattern) != [])
print("once:", ir_asset._glob_static_file(pattern) is found)
"""


@pytest.fixture
def learnt(stack):
    """The file that says which addons tenants use; what it says is put back."""
    file = stack.data / "saas-addons.json"
    before = file.read_text() if file.exists() else None
    yield file
    file.unlink(missing_ok=True)
    if before is not None:
        file.write_text(before)


def shell(stack, text, *arguments):
    code, output = odoo(stack, *arguments, *ONE_SHOT, subcommand="shell", text=AS_SERVICE + text)
    assert code == 0, output[-3000:]
    return output


def test_no_garbage_is_looked_for_while_a_registry_is_built(stack, acme):
    output = shell(stack, BUILD_TWO, "-d", "acme")
    assert "at rest: [False, False] awake: True frozen: True" in output, output[-3000:]


def test_a_registry_that_was_dropped_is_freed(stack, acme):
    output = shell(stack, BUILD_TWO, "-d", "acme")
    assert "kept: True" in output, output[-3000:]
    assert "freed: True frozen: True" in output, output[-3000:]


def test_the_service_learns_which_addons_its_tenants_use(stack, acme):
    seconds_until(lambda: {"mail", "saas_tenant"} <= set(json.loads((stack.data / "saas-addons.json").read_text())))


def test_they_are_imported_ahead_behind_what_they_depend_on(stack, learnt):
    learnt.write_text(json.dumps(["mail", "gone_since"]))
    output = shell(stack, PREPARE)
    assert "mail: True" in output, output[-3000:]
    assert output.index("imports bus") < output.index("imports mail")
    assert "gone_since" not in output


@pytest.mark.parametrize("text", ["no JSON", "7", "[7]"])
def test_a_broken_list_of_addons_stops_nothing(stack, learnt, text):
    learnt.write_text(text)
    assert "mail: False" in shell(stack, PREPARE)


def test_a_broken_addon_stops_nothing(stack, learnt, tmp_path):
    broken = tmp_path / "a_broken_addon"
    broken.mkdir()
    (broken / "__manifest__.py").write_text("{'name': 'Broken', 'depends': ['base']}")
    (broken / "__init__.py").write_text("raise ValueError('broken on purpose')")
    learnt.write_text(json.dumps(["a_broken_addon", "mail"]))
    [known] = [part for part in stack.command() if part.startswith("--addons-path=")]
    output = shell(stack, PREPARE, f"{known},{tmp_path}")
    assert "the addon a_broken_addon can't be imported" in output, output[-3000:]
    assert "broken on purpose" in output
    assert "mail: True" in output


def test_files_of_assets_are_looked_for_once(stack):
    output = shell(stack, LOOK_FOR_FILES)
    assert "found: True" in output, output[-3000:]
    assert "once: True" in output
