"""Fixtures: one real tenant service with three tenants, for all tests of a run."""

import pytest

from . import gateway_service, listening, mail_catcher, postgres
from .gateway_client import seconds_until
from .odoo_home import odoo_home


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """A cluster with the template, and odoo-bin's command line for it."""
    if not (odoo_home() / "odoo-bin").exists():
        pytest.skip("NO ODOO: set ODOO_HOME, or let `make demo` fetch one")
    versions = postgres.installed()
    if not versions:
        pytest.skip("NO POSTGRESQL: install version 15 or newer")
    with postgres.server(versions[min(versions)]) as server:
        made = gateway_service.Stack(server, tmp_path_factory.mktemp("gateway"))
        made.prepare_template()
        yield made


@pytest.fixture(scope="session")
def tenants(stack):
    """Three tenants by name."""
    return {db: stack.create_tenant(db) for db in ("acme", "beta", "gamma")}


@pytest.fixture(scope="session")
def relay():
    """The mail server that all tenants share."""
    with mail_catcher.run() as caught:
        yield caught


@pytest.fixture(scope="session")
def open_port():
    """A port of this machine that the operator lets tenants connect to."""
    with listening.listen() as listener:
        yield listener


@pytest.fixture(scope="session")
def service(stack, tenants, relay, open_port):
    """The running service; its log is in the report of a failure."""
    mails = ("--smtp=127.0.0.1", f"--smtp-port={relay.port}")
    with stack.serve(*mails, SAAS_OUTGOING_ALLOW=f"127.0.0.1:{open_port.port}") as process:
        yield process
    print(stack.log()[-6000:])  # noqa: T201 - pytest shows it when something failed


@pytest.fixture
def acme(service, tenants):
    """A tenant that every worker serves before each test."""
    return served(tenants["acme"])


@pytest.fixture
def beta(service, tenants):
    """The neighbour, served as well."""
    return served(tenants["beta"])


@pytest.fixture
def gamma(service, tenants):
    """A tenant that stays as its template made it."""
    return tenants["gamma"]


def served(tenant):
    """Undo what an earlier test did to a tenant, and wait until it is undone."""
    tenant.client.cookie = None
    if tenant.stack.directory.entry(tenant.key).state != "active":
        tenant.set_state("active")
    if tenant.key not in tenant.stack.settled:
        seconds_until(lambda: tenant.client.everywhere(200))
        # The evented process reads the directory for itself, too.
        seconds_until(lambda: tenant.client.status("/websocket", port=tenant.client.gevent_port) != 503)
        tenant.stack.settled.add(tenant.key)
    return tenant


@pytest.fixture
def figure():
    """Note a measured number for the end of the report: `figure("what", seconds)`."""
    return lambda what, value: _figures.append(f"{what}: {value}")


_figures = []


def pytest_terminal_summary(terminalreporter):
    """Say what was measured."""
    if _figures:
        terminalreporter.section("measured on the tenant service")
        for line in _figures:
            terminalreporter.line(line)
