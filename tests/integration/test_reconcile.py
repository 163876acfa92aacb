"""A real server that somebody spoiled by hand: each drift is found, both ways, and healed; looking changes nothing."""

import dataclasses
import uuid

import pytest
from saas_engine import databases, dropping, naming, reality, reconcile, role_settings, roles
from saas_engine.directory import TenantEntry
from saas_engine.pool import Pool
from support import killing, tenants


def record_of(spec):
    """Return what the manager's record of a living tenant says."""
    entry = TenantEntry(
        spec.subdomain, spec.key, "shared", spec.release, limits=spec.limits, notices=spec.notices, hosts=(spec.host,)
    )
    return reconcile.Record(
        "instance", spec.key, spec.subdomain, state="active", database="open", limits=spec.limits, entry=entry
    )


@pytest.fixture
def look(provisioner):
    """A function that compares records with this server; the template of the tests is known."""
    template = reconcile.Record(
        "template", naming.template_key(tenants.TEMPLATE), tenants.TEMPLATE, state="ready", database="sealed"
    )

    def compare(*records):
        records = [template, *records]
        known = reconcile.Known(
            frozenset(record.key for record in records), frozenset(record.name for record in records)
        )
        found = reality.read(provisioner.cluster, [provisioner.runtime])
        return [(each.kind, each.name, each.fix) for each in reconcile.compare(records, known, found)]

    return compare


def test_a_tenant_as_it_was_provisioned(look, tenant):
    assert look(record_of(tenant)) == []


def test_looking_changes_nothing(look, provisioner, tenant, superuser):
    superuser(f"UPDATE saas.tenant SET state = 'suspended' WHERE key = '{tenant.key}'")

    def everything():
        return (
            superuser("SELECT datname, datacl::text, datallowconn FROM pg_database ORDER BY 1"),
            superuser("SELECT * FROM pg_roles ORDER BY rolname"),
            superuser("SELECT * FROM saas.tenant ORDER BY db"),
            superuser("SELECT version FROM saas.publication"),
            sorted(path.as_posix() for path in provisioner.runtime.data_dir.rglob("*")),
        )

    before = everything()
    assert look(record_of(tenant))
    assert everything() == before


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DELETE FROM saas.tenant WHERE key = '{key}'", "entry_missing"),
        ("DELETE FROM saas.host WHERE db = '{db}'", "entry_differs"),
        ("UPDATE saas.tenant SET state = 'suspended', reason = 'x' WHERE key = '{key}'", "entry_differs"),
        ("UPDATE saas.tenant SET limits = '{{\"users\": 500}}' WHERE key = '{key}'", "entry_differs"),
    ],
)
def test_the_directory(look, provisioner, tenant, superuser, statement, kind):
    superuser(statement.format(key=tenant.key, db=tenant.subdomain))
    assert look(record_of(tenant)) == [(kind, tenant.host, "publish")]
    provisioner.publish(tenant)
    assert look(record_of(tenant)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER ROLE {role} SET statement_timeout = 0",
        "ALTER ROLE {role} SET work_mem = '1GB'",
        "ALTER ROLE {role} IN DATABASE {db} SET statement_timeout = 0",
        "ALTER ROLE {role} CONNECTION LIMIT 1000",
        "ALTER ROLE {role} NOLOGIN",
        "ALTER ROLE {role} VALID UNTIL '2020-01-01'",
        "ALTER ROLE {role} RESET ALL",
        "SET ROLE saas_manager; REVOKE saas_owner FROM {role}",
    ],
)
def test_a_role_that_was_changed(look, provisioner, tenant, superuser, statement):
    role = naming.role_name(tenant.key)
    superuser(statement.format(role=role, db=tenant.subdomain))
    assert look(record_of(tenant)) == [("role_differs", role, "role")]
    provisioner.put_role_back(tenant)
    assert look(record_of(tenant)) == []
    with provisioner.enter(tenant) as connection, connection.cursor() as cr:
        cr.execute("SELECT count(*) FROM res_users")


def test_a_role_that_is_gone(look, provisioner, tenant, superuser):
    role = naming.role_name(tenant.key)
    superuser(f"REVOKE ALL ON DATABASE {tenant.subdomain} FROM {role}; DROP ROLE {role}")
    assert look(record_of(tenant)) == [("role_missing", role, "role")]
    provisioner.put_role_back(tenant)
    assert look(record_of(tenant)) == []
    with provisioner.enter(tenant):
        pass  # it may enter its database again


def test_the_survey_of_all_says_what_the_look_at_one_does(provisioner, tenant, superuser):
    """Two queries, one truth: what `role_settings.drift` finds of a role."""
    role = naming.role_name(tenant.key)
    superuser(f"ALTER ROLE {role} SET statement_timeout = 7; ALTER ROLE {role} CONNECTION LIMIT 3 NOLOGIN")
    superuser(f"ALTER ROLE {role} IN DATABASE {tenant.subdomain} SET lock_timeout = 9; GRANT {role} TO saas_gateway")
    found = reality.read(provisioner.cluster, []).roles[tenant.key]
    wanted = reality.wanted_role(tenant.limits)
    names = found.keys() | wanted.keys()
    with provisioner.cluster.connect() as connection, connection.cursor() as cr:
        drift = role_settings.drift(cr, role, tenant.limits)
    assert {n: (found.get(n), wanted.get(n)) for n in names if found.get(n) != wanted.get(n)} == drift
    assert len(drift) == 5


def test_a_database_that_is_closed(look, provisioner, tenant, cluster):
    cluster.close(tenant.subdomain)
    assert look(record_of(tenant)) == [("database_access", tenant.subdomain, "open")]
    provisioner.put_role_back(tenant)
    assert look(record_of(tenant)) == []


def test_a_database_that_was_renamed(look, tenant, cluster):
    cluster.rename(tenant.subdomain, "elsewhere", tenant.key)
    assert ("database_renamed", tenant.subdomain, "rename_back") in look(record_of(tenant))
    cluster.rename("elsewhere", tenant.subdomain, tenant.key)
    assert look(record_of(tenant)) == []


def test_files_that_are_gone(look, provisioner, tenant):
    folder = provisioner.runtime.filestore(tenant.subdomain)
    folder.rename(folder.with_name("away"))
    assert look(record_of(tenant)) == [
        ("folder_missing", tenant.subdomain, ""),
        ("folder_orphan", "shared/away", ""),
    ]
    folder.with_name("away").rename(folder)
    assert look(record_of(tenant)) == []


def test_a_tenant_that_no_record_knows(look, provisioner, tenant):
    """Database, role and files go together; the address is a finding of its own, because it is served."""
    assert look() == [
        ("database_orphan", tenant.subdomain, "back_up_and_drop"),
        ("entry_orphan", tenant.host, "withdraw_unknown"),
    ]
    provisioner.directory.withdraw(tenant.key)
    assert look() == [("database_orphan", tenant.subdomain, "back_up_and_drop")]


def test_what_is_not_ours_is_reported_nowhere(look, provisioner, superuser):
    superuser("CREATE DATABASE somebodys TEMPLATE template0")
    superuser("CREATE ROLE tenant_of_a_flat")
    provisioner.runtime.filestore("somebodys").mkdir()
    try:
        assert look() == []
    finally:
        superuser("DROP DATABASE somebodys")
        superuser("DROP ROLE tenant_of_a_flat")


def test_a_role_that_nobody_has(look, cluster):
    key = uuid.uuid4().hex
    roles.ensure_role(cluster, key, "x" * 43, {})
    assert look() == [("role_orphan", naming.role_name(key), "drop_role")]
    dropping.drop_role(cluster, tenants.order("spare", key, "unknown"))
    assert look() == []


def test_a_draft_of_a_run_that_was_killed(look, provisioner, cluster):
    key = uuid.uuid4().hex
    with cluster.connect() as connection:
        draft = databases.create_draft(connection, tenants.TEMPLATE, key)
    provisioner.runtime.filestore(draft).mkdir()
    assert look() == [("draft", draft, "drop_draft")]
    dropping.drop_draft(cluster, dropping.own_draft(key))
    assert look() == [("draft", f"shared/{draft}", "drop_draft")], "the folder alone is one as well"
    dropping.drop_draft_folder(provisioner.runtime, dropping.own_draft(key))
    assert look() == []


def test_a_draft_of_a_job_at_work_is_none(look, provisioner, cluster, spec):
    busy = dataclasses.replace(record_of(spec), is_busy=True)
    with cluster.connect() as connection:
        draft = databases.create_draft(connection, tenants.TEMPLATE, spec.key)
    provisioner.runtime.filestore(draft).mkdir()
    assert look(busy) == []


def test_clones_that_wait(look, provisioner, cluster):
    pool, key = Pool(cluster, provisioner.runtime), uuid.uuid4().hex
    pool.fill(key, tenants.TEMPLATE)
    name = naming.pool_database(key)
    clone = reconcile.Record("pool", key, name, state="ready", database="closed")
    assert look(clone) == []
    assert look() == [("spare_orphan", name, "adopt")]
    pool.discard(tenants.order("pool", key, "discarding"))
    assert look(clone) == [("database_missing", name, "end_clone")]


def test_a_template_that_somebody_opened(look, cluster, superuser):
    superuser(f"ALTER DATABASE {tenants.TEMPLATE} ALLOW_CONNECTIONS true")
    assert look() == [("database_access", tenants.TEMPLATE, "seal")]
    cluster.seal(tenants.TEMPLATE, naming.template_key(tenants.TEMPLATE))
    assert look() == []


def test_queries_do_not_grow_with_the_tenants(provisioner, cluster, superuser, monkeypatch):
    """Five tenants cost as many queries as sixty; each has a role, an entry and a folder."""

    def add(count):
        for _ in range(count):
            spec = tenants.make_spec()
            superuser(f"CREATE ROLE {naming.role_name(spec.key)}")
            superuser(f"ALTER ROLE {naming.role_name(spec.key)} SET work_mem = '4MB'")
            provisioner.directory.publish(record_of(spec).entry)
            provisioner.runtime.filestore(spec.subdomain).mkdir(parents=True)
            made.append(spec)

    def read():
        found.append(reality.read(cluster, [provisioner.runtime]))

    made, found = [], []
    try:
        add(5)
        few = killing.statements(monkeypatch, read)
        add(55)
        assert killing.statements(monkeypatch, read) == few <= 5
        assert [len(each.entries) for each in found] == [5, 60]
    finally:
        for spec in made:
            provisioner.directory.withdraw(spec.key)
            superuser(f"DROP ROLE {naming.role_name(spec.key)}")


def test_what_a_drop_has_left_that_was_cut_off(look, cluster, superuser):
    """PostgreSQL marks a database whose DROP was cut off; all that it takes is another DROP."""
    key = uuid.uuid4().hex
    with cluster.connect() as connection:
        draft = databases.create_draft(connection, tenants.TEMPLATE, key)
    superuser(f"ALTER DATABASE {draft} RENAME TO half")
    superuser("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'half'")
    assert look() == [("database_remains", "half", "drop_remains")]
    dropping.drop_remains(cluster, tenants.order("draft", key, "unfinished"), "half")
    assert look() == []


def test_a_folder_that_can_not_be_read_is_not_compared(look, provisioner, tenant, monkeypatch):
    def refuse(_runtime):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reality.filestore, "names", refuse)
    assert look(record_of(tenant)) == []
