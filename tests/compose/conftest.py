"""The compose project, built and started once for all tests, on free ports of this machine alone."""

import os
from pathlib import Path

import pytest
from compose_project import Project, self_signed_certificate

from stack.ports import USUAL, next_free
from stack.secret_files import SecretFiles

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def project(tmp_path_factory, request):
    """The running project. What its services said is shown when a test failed."""
    folder = tmp_path_factory.mktemp("compose")
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    SecretFiles(secrets, ROOT / "addons" / "saas_manager", mode=0o444).create()
    self_signed_certificate(folder / "certificates", "compose.test")
    project = Project(ROOT, folder, offline="SAAS_COMPOSE_ODOO" in os.environ)
    project.write_settings(_free_ports())
    try:
        project.compose("build", "manager", seconds=900)
        project.compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "420", seconds=450)
        yield project
    finally:
        if request.session.testsfailed or not project.was_up:
            print(project.logs())
        project.compose("down", "--volumes", "--remove-orphans", seconds=120)


def _free_ports():
    http = next_free(USUAL["public"] + 1000, {"127.0.0.1"}, set())
    return http, next_free(http + 1, {"127.0.0.1"}, {http})
