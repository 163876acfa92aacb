"""PostgreSQL's disk is damaged or full, or no connection is to be had: failed in words, a retry works."""

import contextlib
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import psycopg2
import pytest
from saas_engine import cluster_report, naming, provisioning, roles
from saas_engine.errors import DiskFullError, EngineError, RetryableError, TemplateNotReadyError
from saas_engine.pool import Pool
from support import postgres, tenants

TEMPLATE = "tpl_damaged_v1"


@pytest.fixture
def template(provisioner, superuser):
    """A template of one's own to damage, and its files; dropped in the end."""
    superuser(f"CREATE DATABASE {TEMPLATE} TEMPLATE {tenants.TEMPLATE} OWNER saas_manager")
    tenants.fill_filestore(provisioner.runtime, TEMPLATE)
    with opened(superuser):
        for name in ("ab/ab12", "cd/cd34"):
            superuser("INSERT INTO ir_attachment (store_fname) VALUES (%s)", TEMPLATE, [name])
    yield TEMPLATE
    superuser(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE false")
    superuser(f"DROP DATABASE {TEMPLATE}")


@contextlib.contextmanager
def opened(superuser):
    """Let somebody into the template, and seal it again."""
    superuser(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE false ALLOW_CONNECTIONS true")
    yield
    superuser(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")


def fails_and_leaves_nothing(provisioner, message):
    """Provision from the damaged template as the jobs do, and take back what there is."""
    spec = tenants.make_spec(template_database=TEMPLATE)
    with pytest.raises(EngineError, match=message) as caught:
        tenants.provision(provisioner, spec)
    assert not isinstance(caught.value, RetryableError)  # time does not heal it
    assert provisioner.directory.entry(spec.key) is None  # nobody was let in
    provisioner.undo(spec)
    assert provisioner.cluster.database(spec.subdomain) is provisioner.cluster.database(f"new_{spec.key}") is None
    assert not provisioner.runtime.filestore(spec.subdomain).exists()


def works(provisioner):
    """The same when the template is whole again."""
    spec = tenants.make_spec(template_database=TEMPLATE)
    tenants.provision(provisioner, spec)
    assert provisioner.directory.entry(spec.key).state == "active"
    provisioner.undo(spec)


class TestDamagedTemplate:
    def test_a_file_of_a_table_is_gone(self, provisioner, server, superuser, template):
        with opened(superuser):
            superuser("CHECKPOINT", TEMPLATE)
            [[name]] = superuser("SELECT pg_relation_filepath('filler')", TEMPLATE)
        path = server.folder / "data" / name
        path.rename(aside := path.with_name("aside"))
        fails_and_leaves_nothing(provisioner, f'template "{TEMPLATE}" is damaged, build it again: could not open file')
        with pytest.raises(TemplateNotReadyError, match="is damaged"):
            Pool(provisioner.cluster, provisioner.runtime).fill(key := uuid.uuid4().hex, TEMPLATE)
        Pool(provisioner.cluster, provisioner.runtime).discard(tenants.order("pool", key, "discarding"))
        aside.rename(path)
        works(provisioner)

    def test_a_table_is_gone(self, provisioner, superuser, template):
        with opened(superuser):
            superuser("ALTER TABLE res_company RENAME TO gone", TEMPLATE)
        fails_and_leaves_nothing(provisioner, 'relation "res_company" does not exist')
        with opened(superuser):
            superuser("ALTER TABLE gone RENAME TO res_company", TEMPLATE)
        works(provisioner)

    def test_only_its_pages_show_it(self, provisioner, builder, service, template, monkeypatch):
        monkeypatch.setattr(provisioning, "VERIFY_SECONDS", 0.3)
        monkeypatch.setattr(provisioner, "runtime", builder.runtime)
        service.broken.add("/web/login")
        spec = tenants.make_spec(template_database=TEMPLATE)
        tenants.provision(provisioner, spec)
        with pytest.raises(RetryableError, match="did not answer at .*: HTTP 404"):
            provisioner.verify(spec)
        service.broken.clear()
        provisioner.verify(spec)
        provisioner.undo(spec)

    def test_rows_are_gone(self, provisioner, superuser, template):
        with opened(superuser):
            superuser("DELETE FROM ir_model_data WHERE name = 'user_admin'", TEMPLATE)
        fails_and_leaves_nothing(provisioner, "The template has no administrator")

    @pytest.mark.parametrize("lost", [".", "cd"])
    def test_its_files_are_gone(self, provisioner, template, lost):
        folder = provisioner.runtime.filestore(TEMPLATE)
        (folder / lost).rename(aside := folder.with_name("aside"))
        fails_and_leaves_nothing(provisioner, rf'[12] files of the template "{TEMPLATE}" are missing, such as')
        aside.rename(folder / lost)
        works(provisioner)


class TestDropThatWasCutOff:
    """PostgreSQL was killed in the middle of a DROP DATABASE: what is left can be dropped and nothing else."""

    @pytest.fixture
    def cut_off(self, superuser):
        def cut(name):
            superuser("UPDATE pg_database SET datallowconn = false, datconnlimit = -2 WHERE datname = %s", None, [name])
            with pytest.raises(psycopg2.Error):  # so much for anything else
                superuser(f"ALTER DATABASE {name} IS_TEMPLATE false")

        return lambda name: cut(name)

    @pytest.fixture
    def superuser(self, superuser):
        return lambda query, db=None, parameters=None: superuser(query, db or "postgres", parameters)

    def test_a_tenant_that_was_being_removed(self, provisioner, tenant, cut_off):
        cut_off(tenant.subdomain)
        provisioner.undo(tenant)
        assert provisioner.cluster.database(tenant.subdomain) is None
        assert not provisioner.runtime.filestore(tenant.subdomain).exists()

    def test_a_tenant_that_is_provisioned_again(self, provisioner, tenant, cut_off):
        cut_off(tenant.subdomain)
        tenants.provision(provisioner, tenant)
        assert provisioner.cluster.database(tenant.subdomain).allows_connections

    def test_a_draft(self, provisioner, spec, cut_off, superuser):
        superuser(f"CREATE DATABASE new_{spec.key} OWNER saas_manager")
        cut_off(f"new_{spec.key}")
        tenants.provision(provisioner, spec)
        assert provisioner.cluster.database(f"new_{spec.key}") is None

    def test_a_clone_of_the_pool(self, provisioner, spec, cut_off):
        pool, keys = Pool(provisioner.cluster, provisioner.runtime), [uuid.uuid4().hex for _ in range(3)]
        for key in keys:
            pool.fill(key, tenants.TEMPLATE)
            cut_off(f"pool_{key}")
        assert (pool.keys(), pool.complete_keys()) == (set(keys), set())
        pool.discard(tenants.order("pool", keys[0], "discarding"))
        pool.fill(keys[1], tenants.TEMPLATE)
        assert pool.complete_keys() == {keys[1]}
        taking = tenants.make_spec(pool_key=keys[2])
        tenants.provision(provisioner, taking)
        provisioner.undo(taking)
        pool.discard(tenants.order("pool", keys[1], "discarding"))
        assert pool.keys() == set()

    def test_a_template(self, builder, cut_off):
        name = "tpl_old_v1"
        key = naming.template_key(name)
        builder.cluster.prepare(tenants.TEMPLATE, name, key)
        cut_off(name)
        builder.discard(name, tenants.order("template", key, "replaced"))
        assert builder.cluster.database(name) is None


class TestConnectionLimit:
    @pytest.fixture
    def connections(self):
        """Connections that are closed in the end."""
        with contextlib.ExitStack() as stack:
            yield lambda **login: stack.enter_context(contextlib.closing(psycopg2.connect(**login)))

    def test_of_the_tenants_role(self, provisioner, tenant, connections):
        password, limits = provisioner._password(tenant), {"max_connections": 1}
        roles.ensure_role(provisioner.cluster, tenant.key, password, limits)
        held = connections(**address(provisioner, tenant.subdomain, naming.role_name(tenant.key), password))
        with pytest.raises(RetryableError, match="too many connections for"), provisioner.enter(tenant):
            pass
        held.close()
        provisioner.personalise(tenant)

    def test_of_the_cluster(self, binaries, tmp_path, connections):
        with postgres.server(binaries, max_connections="8", superuser_reserved_connections="1") as server:
            tenants.bootstrap_server(server)
            cluster = tenants.make_cluster(server)
            login = {"host": server.host, "port": server.port, "dbname": "postgres", "user": "saas_gateway"}
            held = [connections(**login, password=tenants.GATEWAY_PASSWORD) for _ in range(7)]
            with pytest.raises(RetryableError, match=r"remaining connection slots are reserved|too many clients"):
                cluster.check()
            held[0].close()
            assert cluster.check().ok


def address(provisioner, db, user, password):
    return {"host": provisioner.cluster.host, "port": provisioner.cluster.port, "dbname": db} | {
        "user": user,
        "password": password,
    }


class TestFullDiskOfPostgresql:
    def test_refused_before_where_the_disk_can_be_seen(self, provisioner, spec, monkeypatch):
        """Without room for its log PostgreSQL stops, with all tenants."""
        provisioner.reserve(spec)
        monkeypatch.setattr(cluster_report, "RESERVE_BYTES", 1 << 60)
        with pytest.raises(DiskFullError, match=r"Not enough disk space for PostgreSQL: \d+ MiB more are needed"):
            provisioner.reserve(spec)
        pool = Pool(provisioner.cluster, provisioner.runtime)
        with pytest.raises(DiskFullError):
            pool.fill(uuid.uuid4().hex, tenants.TEMPLATE)
        assert pool.keys() == set()

    @pytest.fixture
    def small(self):
        """A file system of 24 megabytes that PostgreSQL's account may write to."""
        if os.getuid() or not shutil.which("mount"):
            pytest.skip("NO SMALL FILE SYSTEM: only root can mount one")
        folder = Path("/var/tmp") / f"saas-small-{uuid.uuid4().hex}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
        mounted = subprocess.run(command, capture_output=True, check=False)
        if mounted.returncode:
            folder.rmdir()
            pytest.skip(f"NO SMALL FILE SYSTEM: {mounted.stderr.decode()}")
        (folder / "space").mkdir()
        shutil.chown(folder / "space", postgres._account().pw_name)
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()

    @pytest.fixture
    def template(self, provisioner, superuser, small):
        superuser(f"CREATE TABLESPACE small LOCATION '{small / 'space'}'")
        superuser(f"CREATE DATABASE {TEMPLATE} TEMPLATE {tenants.TEMPLATE} OWNER saas_manager TABLESPACE small")
        superuser(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")
        tenants.fill_filestore(provisioner.runtime, TEMPLATE)
        yield
        superuser(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE false")
        superuser(f"DROP DATABASE {TEMPLATE}")
        superuser("DROP TABLESPACE small")

    def test_cloning(self, provisioner, template, small, superuser):
        superuser("CHECKPOINT")
        ballast = small / "ballast"
        with open(ballast, "wb") as file:
            file.write(bytes(shutil.disk_usage(small).free - 2_000_000))
        fails_and_leaves_nothing(provisioner, "PostgreSQL's disk is full")
        superuser("CHECKPOINT")  # the server gives files of a clone that failed back
        assert shutil.disk_usage(small).free > 1_500_000
        with pytest.raises(DiskFullError):
            Pool(provisioner.cluster, provisioner.runtime).fill(key := uuid.uuid4().hex, TEMPLATE)
        Pool(provisioner.cluster, provisioner.runtime).discard(tenants.order("pool", key, "discarding"))
        ballast.unlink()
        works(provisioner)
