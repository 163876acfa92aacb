"""Dumps in Odoo's format, and the end of a tenant, which needs one."""

import dataclasses
import json
import subprocess
import zipfile
from datetime import UTC, datetime

import pytest
from saas_engine import backup, dropping, dump_file, naming, removal, restore
from saas_engine.errors import BackupError, ConfigurationError, DropRefusedError, EngineError
from support import killing, postgres, tenants


@pytest.fixture
def dumper(provisioner):
    """A provisioner whose server this machine's pg_dump understands."""
    with provisioner.cluster.connect() as connection:
        major = connection.server_version // 10000
    newest = max(postgres.installed(), default=0)
    if newest < major:
        pytest.skip(f"NO pg_dump FOR PostgreSQL {major} on this machine")
    provisioner.settings = dataclasses.replace(provisioner.settings, pg_bin=postgres.installed()[newest])
    return provisioner


@pytest.fixture
def dumped(dumper, tenant):
    return backup.dump(dumper, tenant, dumper.settings.backup_dir / "acme.zip")


def test_format(dumped, tenant):
    assert dumped.path.stat().st_size == dumped.size
    assert dumped.path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(dumped.path) as archive:
        assert sorted(archive.namelist()) == ["dump.sql", "filestore/ab/ab12", "filestore/cd/cd34", "manifest.json"]
        assert archive.namelist()[0] == "dump.sql"
        manifest = json.loads(archive.read("manifest.json"))
        sql = archive.read("dump.sql").decode()
    assert manifest["odoo_dump"] == "1" and manifest["db_name"] == tenant.subdomain
    assert manifest["version_info"] == [18, 0, 0, "final", 0, ""]
    assert manifest["version"] == manifest["major_version"] == "18.0"
    assert manifest["modules"] == {"base": "18.0.1.3", "web": "18.0.1.0"}
    assert "OWNER TO" not in sql and "GRANT" not in sql
    assert [path.name for path in dumped.path.parent.iterdir()] == ["acme.zip"]


def test_restored(dumped, tenant, dumper, superuser):
    superuser("CREATE DATABASE restored TEMPLATE template0")
    try:
        with zipfile.ZipFile(dumped.path) as archive:
            sql = archive.read("dump.sql")
        address = f"postgresql://postgres:{postgres.SUPERUSER_PASSWORD}@127.0.0.1:{dumper.cluster.port}/restored"
        psql = [str(dumper.settings.pg_bin / "psql"), "-q", "-v", "ON_ERROR_STOP=1", address]
        subprocess.run(psql, input=sql, check=True, capture_output=True)
        assert superuser("SELECT value FROM ir_config_parameter WHERE key = 'saas.key'", "restored") == [(tenant.key,)]
    finally:
        superuser("DROP DATABASE restored")


def test_restored_by_the_engine(dumped, dumper, spec):
    """Of another tenant's dump: it comes with all that the first one had."""
    other = tenants.make_spec()
    try:
        restore.restore(dumper, other, dumped.path, 100_000_000)
        with dumper.connect(other) as connection, connection.cursor() as cr:
            cr.execute("SELECT value FROM ir_config_parameter WHERE key = 'saas.key'")
            assert cr.fetchone() == (spec.key,)
            cr.execute("SELECT count(*), count(DISTINCT content) FROM filler")
            assert cr.fetchone() == (1000, 1000)
        folders = [dumper.runtime.filestore(each.subdomain) for each in (spec, other)]
        names = [sorted(path.name for path in folder.rglob("*")) for folder in folders]
        assert names[0] == names[1] and len(names[0]) == 4
    finally:
        dumper.undo(other)


def test_what_the_tenant_hid_is_in_it(dumper, tenant):
    with dumper.connect(tenant) as connection, connection.cursor() as cr:
        cr.execute("SET ROLE NONE; CREATE TABLE hidden AS SELECT 42 AS answer; REVOKE ALL ON hidden FROM saas_owner")
    made = backup.dump(dumper, tenant, dumper.settings.backup_dir / "acme.zip")
    with zipfile.ZipFile(made.path) as archive:
        assert b"CREATE TABLE public.hidden" in archive.read("dump.sql")


def test_a_failing_pg_dump_leaves_nothing(dumper, tenant):
    with dumper.connect(tenant) as connection, connection.cursor() as cr:
        cr.execute(
            "ALTER TABLE res_partner ENABLE ROW LEVEL SECURITY; ALTER TABLE res_partner FORCE ROW LEVEL SECURITY"
        )
    with pytest.raises(BackupError, match="(?s)pg_dump of .* failed: .*row-level security"):
        backup.dump(dumper, tenant, dumper.settings.backup_dir / "acme.zip")
    assert list(dumper.settings.backup_dir.iterdir()) == []


def test_no_pg_dump(dumper, tenant, tmp_path):
    dumper.settings = dataclasses.replace(dumper.settings, pg_bin=tmp_path)
    with pytest.raises(ConfigurationError, match="SAAS_PG_BIN"):
        backup.dump(dumper, tenant, tmp_path / "x.zip")


def damage(made, way):
    if way == "missing":
        made.path.unlink()
    elif way == "changed":
        made.path.write_bytes(made.path.read_bytes()[:-1] + b"x")
    elif way == "no zip":
        made.path.write_bytes(b"no zip")
        made = dataclasses.replace(made, sha256=dump_file.checksum(made.path))
    return made


def order(tenant, kept):
    return tenants.order("tenant", tenant.key, "terminating", due=datetime.now(UTC), last_backup=kept)


@pytest.mark.parametrize(
    ("way", "message"), [("missing", "cannot be used"), ("changed", "checksum differs"), ("no zip", "cannot be used")]
)
def test_nothing_is_removed_without_a_good_dump(dumped, dumper, tenant, way, message):
    bad = damage(dumped, way)
    with pytest.raises(BackupError, match=message):
        removal.remove(dumper.cluster, dumper.runtime, tenant, order(tenant, bad))
    assert dumper.cluster.database(tenant.subdomain).allows_connections
    assert dumper.directory.entry(tenant.key)


@pytest.mark.one_version
def test_removal_killed_anywhere(dumped, dumper, tenant, monkeypatch):
    def remove():
        removal.remove(dumper.cluster, dumper.runtime, tenant, order(tenant, dumped))

    number = 0
    while killing.kill_at(monkeypatch, number, remove):
        number += 3
    assert number > 10
    assert dumper.cluster.database(tenant.subdomain) is None
    assert dumper.directory.entry(tenant.key) is None
    assert not dumper.runtime.filestore(tenant.subdomain).exists()
    assert dumped.path.exists()
    with pytest.raises(EngineError):
        with dumper.cluster.connect_as_tenant(tenant.subdomain, tenant.key, "x"):
            pass


def test_removal_with_people_inside(dumped, dumper, tenant):
    with dumper.cluster.connect_as_tenant(
        tenant.subdomain, tenant.key, dumper.runtime.tenant_password(tenants.MASTER, tenant.key)
    ):
        removal.remove(dumper.cluster, dumper.runtime, tenant, order(tenant, dumped))
    assert dumper.cluster.database(tenant.subdomain) is None


def test_an_orphan_leaves_a_dump(dumper, tenant, superuser):
    """A database that no record knows, closed and without a role: it can be read once more before it goes."""
    role = naming.role_name(tenant.key)
    dumper.cluster.close(tenant.subdomain)
    superuser(f"REVOKE ALL ON DATABASE {tenant.subdomain} FROM {role}; DROP ROLE {role}")
    spec = tenants.make_spec(tenant.subdomain, tenant.key)
    dumper.put_role_back(spec)
    kept = backup.dump(dumper, spec, dumper.settings.backup_dir / "unknown.zip")

    def drop(last_backup):
        asked = tenants.order("orphan", tenant.key, "unknown", last_backup=last_backup)
        return dropping.drop(dumper.cluster, dumper.runtime, dumper.directory, asked, tenant.subdomain)

    with pytest.raises(DropRefusedError, match="no dump of it is on record"):
        drop(None)
    assert dumper.cluster.database(tenant.subdomain)
    assert drop(kept) == [f"folder {tenant.subdomain}", f"database {tenant.subdomain}", f"role {role}"]
    dump_file.check(kept)
