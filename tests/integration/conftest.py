"""Stand-ins for the tenant service and for odoo-bin; the server is that of `support/engine_server.py`."""

import dataclasses
import os
import sys
from pathlib import Path

import pytest
from saas_engine import naming, template_build
from saas_engine.template_build import TemplateBuilder
from support import fake_odoo, fake_service, tenants


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
