"""The steps of provisioning on a real server: the whole way, names that are taken, and the way back."""

import threading

import pytest
from saas_engine import dropping, filestore
from saas_engine.directory import TenantEntry
from saas_engine.errors import DiskFullError, InvalidNameError, NameTakenError, TemplateNotReadyError
from support import tenants


def traces(provisioner, spec):
    """Return what there is of a tenant, anywhere."""
    cluster, runtime = provisioner.cluster, provisioner.runtime
    found = [name for name in (spec.subdomain, f"new_{spec.key}") if cluster.database(name)]
    found += [path.name for path in (runtime.data_dir / "filestore").iterdir() if path.name != tenants.TEMPLATE]
    with cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", [f"tenant_{spec.key}"])
        found += [role for (role,) in cr.fetchall()]
    return found + ([spec.key] if provisioner.directory.entry(spec.key) else [])


def test_the_whole_way(provisioner, tenant, cluster):
    database = cluster.database(tenant.subdomain)
    assert (database.owner, database.comment) == ("saas_manager", f"saas:{tenant.key}")
    assert database.allows_connections and not database.is_template
    entry = provisioner.directory.entry(tenant.key)
    assert (entry.db, entry.hosts, entry.state) == (tenant.subdomain, (tenant.host,), "active")
    assert (entry.limits, entry.release) == ({"users": 5}, "18.0")
    folder = provisioner.runtime.filestore(tenant.subdomain)
    assert (folder / "ab" / "ab12").read_bytes() == (
        provisioner.runtime.filestore("tpl_fake_v1") / "ab/ab12"
    ).read_bytes()


def test_every_step_twice_and_back_twice(provisioner, spec):
    for step in ("reserve", "clone_database", "clone_filestore", "personalise", "publish") * 2:
        getattr(provisioner, step)(spec)
    for _ in range(2):
        provisioner.undo(spec)
        assert traces(provisioner, spec) == []


@pytest.mark.parametrize("done", range(5))
def test_undo_after_any_step(provisioner, spec, done):
    for step in ("clone_database", "clone_filestore", "personalise", "publish")[:done]:
        getattr(provisioner, step)(spec)
    provisioner.undo(spec)
    assert traces(provisioner, spec) == []


class TestReserve:
    def test_reserved_word(self, provisioner):
        with pytest.raises(InvalidNameError, match='"admin" is reserved'):
            provisioner.reserve(tenants.make_spec("admin"))

    def test_template_missing(self, provisioner):
        with pytest.raises(TemplateNotReadyError, match="tpl_none_v1"):
            provisioner.reserve(tenants.make_spec(template_database="tpl_none_v1"))

    def test_template_not_sealed(self, provisioner, tenant):
        with pytest.raises(TemplateNotReadyError, match="build it first"):
            provisioner.reserve(tenants.make_spec(template_database=tenant.subdomain))

    def test_name_of_another_tenant(self, provisioner, tenant):
        with pytest.raises(NameTakenError, match=f'"{tenant.subdomain}" is taken'):
            provisioner.reserve(tenants.make_spec(tenant.subdomain))

    def test_folder_of_somebody_else(self, provisioner, spec):
        provisioner.runtime.filestore(spec.subdomain).mkdir()
        with pytest.raises(NameTakenError, match="a folder of this name exists"):
            provisioner.reserve(spec)

    def test_host_of_another_tenant(self, provisioner, tenant):
        other = tenants.make_spec()
        entry = provisioner.directory.entry(tenant.key)
        hosts = (*entry.hosts, other.host)
        provisioner.directory.publish(TenantEntry(entry.db, entry.key, entry.runtime, hosts=hosts))
        with pytest.raises(NameTakenError, match=other.host):
            provisioner.reserve(other)

    def test_room(self, provisioner, spec, monkeypatch):
        monkeypatch.setattr(filestore, "RESERVE_BYTES", 1 << 60)
        with pytest.raises(DiskFullError, match="MiB more are needed"):
            provisioner.reserve(spec)


class TestOthersAreNotTouched:
    """Two tenants of one name: the second gets nothing and takes nothing away."""

    def test_steps(self, provisioner, tenant):
        thief = tenants.make_spec(tenant.subdomain)
        for step in ("clone_database", "clone_filestore", "personalise", "publish"):
            with pytest.raises(NameTakenError):
                getattr(provisioner, step)(thief)
        provisioner.undo(thief)
        assert traces(provisioner, thief) == [tenant.subdomain, tenant.subdomain]
        assert provisioner.directory.entry(tenant.key).hosts == (tenant.host,)

    def test_publish_of_a_taken_host(self, provisioner, tenant):
        with pytest.raises(NameTakenError, match=tenant.host):
            provisioner.directory.publish(
                TenantEntry("other-db", "0" * 32, "shared", hosts=(tenant.host, "x.example.com"))
            )
        assert provisioner.directory.entry("0" * 32) is None


def test_two_at_once_for_one_name(provisioner):
    specs = [tenants.make_spec("contested") for _ in range(2)]
    errors = {}

    def clone(spec):
        try:
            provisioner.reserve(spec)
            provisioner.clone_database(spec)
        except NameTakenError as error:
            errors[spec.key] = error

    threads = [threading.Thread(target=clone, args=[spec]) for spec in specs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert len(errors) == 1
        [loser] = [spec for spec in specs if spec.key in errors]
        [winner] = [spec for spec in specs if spec.key not in errors]
        assert provisioner.cluster.database("contested").comment == f"saas:{winner.key}"
        provisioner.undo(loser)
        assert provisioner.cluster.database("contested").comment == f"saas:{winner.key}"
        assert provisioner.cluster.database(f"new_{loser.key}") is None
    finally:
        for spec in specs:
            provisioner.undo(spec)


def test_many_at_once(provisioner):
    specs = [tenants.make_spec() for _ in range(4)]
    errors = []

    def work(spec):
        try:
            tenants.provision(provisioner, spec)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=work, args=[spec]) for spec in specs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    published = {entry.key for entry in provisioner.directory.entries()}
    for spec in specs:
        provisioner.undo(spec)
    assert not errors
    assert {spec.key for spec in specs} <= published


def test_rename(provisioner, tenant, cluster):
    with provisioner.connect(tenant):  # a session that is in the way
        for _ in range(2):
            cluster.rename(tenant.subdomain, "renamed", tenant.key)
    assert cluster.database(tenant.subdomain) is None
    assert cluster.database("renamed").comment == f"saas:{tenant.key}"
    provisioner.directory.publish(TenantEntry("renamed", tenant.key, "shared", hosts=("renamed.example.com",)))
    entry = provisioner.directory.entry(tenant.key)
    assert (entry.db, entry.hosts) == ("renamed", ("renamed.example.com",))
    cluster.rename("renamed", tenant.subdomain, tenant.key)


def test_rename_to_a_taken_name(provisioner, tenant, cluster):
    with pytest.raises(NameTakenError):
        cluster.rename(tenant.subdomain, "manager", tenant.key)
    with provisioner.connect(tenant):
        pass  # it is open still


def test_drop_role_in_use(cluster, tenant):
    with pytest.raises(Exception, match="still in use"):
        dropping.drop_role(cluster, tenants.order("attempt", tenant.key, "failed"))
