"""The gateway is there entirely or the process ends; commands work on what is not served."""

import pytest
from support.odoo_commands import ONE_SHOT, odoo


@pytest.mark.parametrize(
    ("load", "environment", "reason"),
    [
        ("base,web,saas_gateway", {}, "must be the first"),
        (None, {"SAAS_RUNTIME_SECRET_FILE": None}, "SAAS_RUNTIME_SECRET_FILE"),
        (None, {"SAAS_RUNTIME_SECRET_FILE": "/nowhere"}, "No such file"),
        (None, {"SAAS_RUNTIME_SECRET_FILE": "/dev/null"}, "at least 32 bytes"),
        (None, {"SAAS_RUNTIME": None}, "SAAS_RUNTIME"),
        (None, {"SAAS_REGISTRIES": "many"}, "many"),
    ],
)
def test_a_gateway_that_is_not_complete_ends_the_process(stack, load, environment, reason):
    code, output = odoo(stack, "--workers=2", "--stop-after-init", load=load, environment=environment)
    assert code == 1
    assert "gateway not installed, the service stops" in output
    assert reason in output


def test_a_process_keeps_so_many_registries_as_it_is_told(stack, tenants):
    text = "from odoo.modules.registry import Registry\nprint('kept', Registry.registries.count)\n"
    arguments = ("-d", "acme", *ONE_SHOT)
    for number in ("42", None):
        _code, output = odoo(stack, *arguments, subcommand="shell", text=text, environment={"SAAS_REGISTRIES": number})
        assert f"kept {number or 300}\n" in output, output[-3000:]


def test_threads_do_not_serve(stack):
    code, output = odoo(stack, "--workers=0", f"--http-port={stack.port}")
    assert code == 1
    assert "the gateway serves with workers only" in output
    assert "HTTP service" not in output


@pytest.mark.parametrize(
    ("state", "opens"), [("active", True), ("maintenance", True), ("building", True), ("suspended", False)]
)
def test_a_command_opens_what_is_not_suspended(stack, tenants, state, opens):
    tenants["acme"].set_state(state)
    code, output = odoo(stack, "-d", "acme", *ONE_SHOT, subcommand="shell", text="print('db', env.cr.dbname)\n")
    assert ("db acme" in output) == opens, output[-3000:]
    assert (code == 0) == opens


def test_a_command_works_whatever_number_of_workers_the_configuration_has(stack, tenants):
    tenants["acme"].set_state("maintenance")
    arguments = ("-d", "acme", "-u", "saas_tenant", "--stop-after-init", "--no-http", "--workers=2")
    code, output = odoo(stack, *arguments, "--max-cron-threads=0")
    assert code == 0
    assert "ERROR" not in output and "CRITICAL" not in output, output[-3000:]


def test_a_command_does_not_open_what_nobody_published(stack):
    code, output = odoo(
        stack, "-d", "nosuchdatabase", *ONE_SHOT, subcommand="shell", text="print('db', env.cr.dbname)\n"
    )
    assert code != 0
    assert "no tenant's database: nosuchdatabase" in output


def test_the_gateway_is_not_installed_in_a_database(stack, tenants):
    tenants["acme"].set_state("maintenance")
    odoo(stack, "-d", "acme", "-i", "saas_gateway", "--stop-after-init", *ONE_SHOT)
    assert tenants["acme"].sql("SELECT state FROM ir_module_module WHERE name = 'saas_gateway'") in (
        [],
        [("uninstallable",)],
        [("uninstalled",)],
    )
