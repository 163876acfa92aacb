"""A worker killed at any point: the next run ends well, and the way back leaves nothing."""

import os
import signal
import subprocess
import sys
import time

import pytest
from saas_engine import filestore
from saas_engine.errors import RetryableError
from support import killing, tenants

STEPS = ("clone_database", "clone_filestore", "personalise", "publish")


def leftovers(provisioner, spec):
    """Return the databases and roles of a tenant that are not its finished ones."""
    with provisioner.cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("SELECT datname FROM pg_database WHERE datname IN (%s, %s)", [f"new_{spec.key}", spec.subdomain])
        databases = [name for (name,) in cr.fetchall()]
        cr.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", [f"tenant_{spec.key}"])
        return databases + [name for (name,) in cr.fetchall()]


@pytest.mark.one_version
@pytest.mark.parametrize("step", ["clone_database", "clone_filestore", "publish"])
def test_killed_between_any_two_statements(provisioner, monkeypatch, step):
    before = STEPS[: STEPS.index(step)]
    number, killed = 0, True
    while killed:
        spec = tenants.make_spec()
        for earlier in before:
            getattr(provisioner, earlier)(spec)
        killed = killing.kill_at(monkeypatch, number, lambda spec=spec: getattr(provisioner, step)(spec))
        if number % 2:  # a retry that works; else straight back
            for again in STEPS[STEPS.index(step) :]:
                getattr(provisioner, again)(spec)
            assert provisioner.directory.entry(spec.key).state == "active"
            assert provisioner.cluster.database(f"new_{spec.key}") is None
        provisioner.undo(spec)
        assert leftovers(provisioner, spec) == [], f"after statement {number}"
        number += 1
    assert number > 3


@pytest.mark.one_version
def test_personalise_killed_between_any_two_statements(provisioner, monkeypatch, spec):
    provisioner.clone_database(spec)
    number = 0
    while killing.kill_at(monkeypatch, number, lambda: provisioner.personalise(spec)):
        with provisioner.connect(spec) as connection, connection.cursor() as cr:
            cr.execute("SELECT value FROM ir_config_parameter WHERE key IN ('database.uuid', 'saas.key') ORDER BY key")
            values = [value for (value,) in cr.fetchall()]
        if values != ["template-uuid"]:  # all or nothing: killed after the commit, it is complete
            assert len(values) == 2 and values[1] == spec.key and values[0] != "template-uuid"
            break
        number += 1
    assert number > 20


@pytest.mark.one_version
def test_undo_killed_between_any_two_statements(provisioner, monkeypatch):
    number, killed = 0, True
    while killed:
        spec = tenants.make_spec()
        tenants.provision(provisioner, spec)
        killed = killing.kill_at(monkeypatch, number, lambda spec=spec: provisioner.undo(spec))
        provisioner.undo(spec)
        assert leftovers(provisioner, spec) == [], f"after statement {number}"
        assert not provisioner.runtime.filestore(spec.subdomain).exists()
        number += 4


@pytest.mark.one_version
def test_copy_killed_half_way(provisioner, spec):
    provisioner.clone_database(spec)
    draft = provisioner.runtime.filestore(f"new_{spec.key}")
    (draft / "ab").mkdir(parents=True)
    (draft / "ab" / "half").write_bytes(b"half")
    provisioner.clone_filestore(spec)
    assert not draft.exists()
    names = sorted(path.name for path in provisioner.runtime.filestore(spec.subdomain).glob("*/*"))
    assert names == ["ab12", "cd34"]


WORKER = """
import sys
from pathlib import Path
from saas_engine.cluster import Cluster
from support import tenants
cluster = Cluster("127.0.0.1", sys.argv[1], password=tenants.MANAGER_PASSWORD)
print("start", flush=True)
cluster.clone(tenants.TEMPLATE, sys.argv[2], sys.argv[3])
"""


@pytest.mark.parametrize("milliseconds", [5, 25, 50])
def test_kill_9_while_the_server_clones(provisioner, spec, milliseconds):
    provisioner.ensure_role(spec)
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(provisioner.cluster.port), spec.subdomain, spec.key],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    while True:
        try:
            provisioner.clone_database(spec)
            break
        except RetryableError:
            assert time.monotonic() < deadline
    assert provisioner.cluster.database(spec.subdomain).allows_connections
    assert provisioner.cluster.database(f"new_{spec.key}") is None
    assert filestore.size(provisioner.runtime.filestore(spec.subdomain)) == 0
