"""A full disk, a server that goes away, an unsealed template, another job at work."""

import os
import shutil
import subprocess
import threading
import time

import psycopg2
import pytest
from saas_engine import filestore
from saas_engine.bootstrap import bootstrap
from saas_engine.cluster import Cluster
from saas_engine.errors import DiskFullError, RetryableError, TemplateNotReadyError
from saas_engine.provisioning import Provisioner
from support import postgres, tenants


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.getuid() or not shutil.which("mount"):
        pytest.skip("NO SMALL FILE SYSTEM: only root can mount one")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"NO SMALL FILE SYSTEM: {mounted.stderr.decode()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


class TestFullDisk:
    @pytest.fixture
    def full(self, cluster, small_disk, monkeypatch):
        """A provisioner whose template just fits, so that a copy does not."""
        monkeypatch.setattr(filestore, "RESERVE_BYTES", 0)
        runtime = tenants.make_runtime(small_disk)
        tenants.fill_filestore(runtime, size=300_000)
        return Provisioner(cluster, runtime, tenants.make_settings(small_disk))

    def test_reserve_says_what_is_missing(self, full):
        with pytest.raises(DiskFullError, match="Not enough disk space at .*filestore: 1 MiB more are needed"):
            full.reserve(tenants.make_spec())

    def test_copy_leaves_nothing_and_a_retry_works(self, full, small_disk):
        spec = tenants.make_spec()
        full.clone_database(spec)
        with pytest.raises(DiskFullError, match="is full"):
            full.clone_filestore(spec)
        assert [path.name for path in (small_disk / "data" / "filestore").iterdir()] == [tenants.TEMPLATE]
        subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
        full.clone_filestore(spec)
        full.undo(spec)


def test_a_server_that_goes_away_and_comes_back(binaries, tmp_path):
    with postgres.server(binaries) as server:
        bootstrap(server.host, server.port, "postgres", postgres.SUPERUSER_PASSWORD, "m", "g")
        cluster = Cluster(server.host, server.port, password="m")  # noqa: S106 - a test's
        provisioner = Provisioner(cluster, tenants.make_runtime(tmp_path), tenants.make_settings(tmp_path))
        with pytest.raises(RetryableError, match=r"closed|terminat"), cluster.locked("0" * 32):
            with cluster.connect() as connection, connection.cursor() as cr:
                server.stop()
                cr.execute("SELECT 1")
        for step in ("reserve", "clone_database", "clone_filestore", "personalise", "publish", "undo"):
            with pytest.raises(RetryableError, match="refused"):
                getattr(provisioner, step)(tenants.make_spec())
        server.start()
        assert cluster.check().ok


def test_a_busy_template(cluster, provisioner, spec, superuser, monkeypatch):
    """Somebody is inside an unsealed template: PostgreSQL waits 5 s, then refuses; time heals it."""
    superuser("CREATE DATABASE busy")
    holding, release = threading.Event(), threading.Event()

    def hold():
        connection = psycopg2.connect(
            host="127.0.0.1", port=cluster.port, user="postgres", password=postgres.SUPERUSER_PASSWORD, dbname="busy"
        )
        holding.set()
        release.wait()
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait()
    try:
        superuser("ALTER DATABASE busy OWNER TO saas_manager")
        provisioner.ensure_role(spec)
        with pytest.raises(RetryableError, match="being accessed by other users"):
            cluster.clone("busy", spec.subdomain, spec.key)
        assert cluster.database(spec.subdomain) is None
    finally:
        release.set()
        thread.join()
        superuser("DROP DATABASE busy")


def test_a_template_that_went_away_meanwhile(provisioner, spec):
    gone = tenants.make_spec(spec.subdomain, spec.key, template_database="tpl_gone_v1")
    with pytest.raises(TemplateNotReadyError, match="tpl_gone_v1"):
        provisioner.clone_database(gone)


def test_another_job_at_work(cluster, monkeypatch):
    monkeypatch.setattr("saas_engine.cluster.LOCK_SECONDS", 0.2)
    key = "a" * 32
    entered, release = threading.Event(), threading.Event()

    def work():
        with cluster.locked(key):
            entered.set()
            release.wait()

    thread = threading.Thread(target=work)
    thread.start()
    entered.wait()
    with pytest.raises(RetryableError, match="Another job is at work"), cluster.locked(key):
        pass
    with cluster.locked("b" * 32):
        pass
    release.set()
    thread.join()
    started = time.monotonic()
    with cluster.locked(key):
        assert time.monotonic() - started < 5
