"""A dump that a customer brings to be restored: whatever stands in it is run as the customer's own role, or refused."""

import stat
import time
import zipfile

import pytest
from saas_engine import dump_archive, filestore, naming, restore
from saas_engine.errors import NameTakenError, RestoreError
from support import dumps, tenants
from support.sql_attack import attacker

STORED = "filestore/ab/ab" + "12" * 19
MAX = 50_000_000


@pytest.fixture
def put_back(provisioner, spec, tmp_path):
    """A function: restore a zip, made of a good dump and what is added to it."""

    def run(script="", max_bytes=MAX, seconds=60, **parts):
        path = dumps.write(tmp_path / "brought.zip", script, **parts)
        restore.restore(provisioner, spec, path, max_bytes, seconds)

    return run


@pytest.fixture
def nothing_is_left(provisioner, spec, superuser):
    """After the test there is no database, no folder and no role of the tenant."""
    yield
    for name in (spec.subdomain, naming.draft_database(spec.key)):
        assert provisioner.cluster.database(name) is None
        assert not filestore.folder(provisioner.runtime, name).exists()
    query = "SELECT count(*) FROM pg_roles WHERE rolname = %s"
    assert superuser(query, parameters=[naming.role_name(spec.key)]) == [(0,)]


def test_positive_control(put_back, provisioner, spec):
    """A good one is restored, all of it is the tenant's, and what waited for it is gone."""
    put_back(entries=[(STORED, "content"), ("filestore/checklist/ab/ab12", "")])
    run = attacker(provisioner, spec)
    assert run("SELECT name, state FROM ir_module_module ORDER BY id") == [
        ("base", "installed"),
        ("sale; DROP", "C:\\n"),
        (None, "$$"),
    ]
    assert run("SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'") == [("saas_owner",)]
    folder = filestore.folder(provisioner.runtime, spec.subdomain)
    assert [path.read_text() for path in folder.rglob("*") if path.is_file()] == ["content"]
    assert provisioner.cluster.database(spec.subdomain).comment == naming.database_mark(spec.key)
    assert provisioner.cluster.database(naming.draft_database(spec.key)) is None
    put_back()
    assert run("SELECT count(*) FROM ir_module_module") == [(3,)], "a second run finds it done"


@pytest.mark.usefixtures("nothing_is_left")
class TestScript:
    @pytest.mark.parametrize(
        "command",
        ["\\! touch {mark}", "SELECT 1 \\g |touch {mark}", "\\o |touch {mark}\nSELECT 1;", "\\copy t TO '{mark}'"],
    )
    def test_commands_of_psql_do_not_run(self, put_back, tmp_path, command):
        mark = tmp_path / "was-here"
        with pytest.raises(RestoreError, match="command of psql's"):
            put_back(f"{command.format(mark=mark)}\n")
        assert not mark.exists()

    @pytest.mark.parametrize(
        "statement",
        [
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "COPY ir_module_module FROM '/etc/passwd'",
            "SELECT pg_read_file('/etc/passwd')",
            "SELECT lo_import('/etc/passwd')",
            "ALTER DATABASE {draft} RENAME TO mine",
            "ALTER DATABASE {draft} CONNECTION LIMIT 0",
            "ALTER DATABASE {draft} SET session_replication_role = replica",
            "DROP DATABASE {neighbour}",
            "CREATE DATABASE mine",
            "COMMENT ON DATABASE {draft} IS 'saas:mine'",
            "CREATE ROLE mine",
            "ALTER ROLE {role} SUPERUSER",
            "ALTER ROLE {other_role} PASSWORD 'mine'",
            "SET ROLE saas_manager",
            "SET SESSION AUTHORIZATION postgres",
            "ALTER SYSTEM SET work_mem = '1GB'",
            "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "CREATE FUNCTION mine() RETURNS int LANGUAGE c AS 'libc', 'system'",
            "CREATE SUBSCRIPTION mine CONNECTION 'host=127.0.0.1' PUBLICATION x",
            "CREATE SERVER mine FOREIGN DATA WRAPPER postgres_fdw",
            "SELECT pg_advisory_lock(g) FROM generate_series(1, 1000) g",
            "SELECT 1 FROM nowhere",
            "SELECT $x$ 'without an end",
        ],
    )
    def test_refused(self, put_back, spec, neighbour, statement):
        names = {
            "draft": f'"{naming.draft_database(spec.key)}"',
            "neighbour": f'"{neighbour.subdomain}"',
            "role": naming.role_name(spec.key),
            "other_role": naming.role_name(neighbour.key),
        }
        with pytest.raises(RestoreError, match="does not take the dump|middle of a statement"):
            put_back(f"SET ROLE NONE;\n{statement.format(**names)};\n")

    def test_one_that_never_ends_is_ended(self, put_back):
        start = time.monotonic()
        with pytest.raises(RestoreError, match="it took too long"):
            put_back("SET statement_timeout = 0; SELECT pg_sleep(600);\n", seconds=2)
        assert time.monotonic() - start < 20

    def test_what_is_no_database_of_odoos(self, put_back):
        for good in ("SELECT 1;\n", "CREATE TABLE public.ir_module_module (name text, state text);\n"):
            with pytest.raises(RestoreError, match="none of a database of Odoo's"):
                put_back(good=good)


class TestPlanted:
    """What is restored and stays: it runs with the tenant's rights, and the role is as it was before."""

    def test_what_the_script_made_of_its_role(self, put_back, provisioner, spec, superuser):
        role = naming.role_name(spec.key)
        put_back(
            f"SET ROLE NONE; ALTER ROLE {role} PASSWORD 'mine'; ALTER ROLE {role} SET role = none;\n"
            f"ALTER ROLE {role} SET search_path = evil; CREATE TABLE public.hidden (id int);\n"
        )
        run = attacker(provisioner, spec)
        assert run("SELECT current_user::text, current_setting('search_path')") == [("saas_owner", '"$user", public')]
        assert run("SELECT tableowner::text FROM pg_tables WHERE tablename = 'hidden'") == [("saas_owner",)]

    def test_foreign_owners_and_rights_are_passed_over(self, put_back, provisioner, spec, neighbour):
        other = naming.role_name(neighbour.key)
        put_back(
            f"ALTER TABLE public.ir_module_module OWNER TO {other};\n"
            f"GRANT ALL ON TABLE public.ir_module_module TO {other};\n"
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {other};\n"
            f"CREATE EXTENSION IF NOT EXISTS dblink;\n"
        )
        query = "SELECT tableowner::text FROM pg_tables WHERE tablename = 'ir_module_module'"
        run = attacker(provisioner, spec)
        assert run(query) == [("saas_owner",)]
        assert run("SELECT relacl::text FROM pg_class WHERE relname = 'ir_module_module'") == [(None,)]
        assert run("SELECT extname::text FROM pg_extension WHERE extname = 'dblink'") == []

    def test_triggers_and_functions_run_as_the_tenant(self, put_back, provisioner, spec, neighbour):
        """SECURITY DEFINER too: its owner is the role that has run the dump."""
        role = naming.role_name(spec.key)
        put_back(
            "CREATE TABLE public.evidence (who text);\n"
            "CREATE FUNCTION public.spring() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN\n"
            "  INSERT INTO public.evidence VALUES (current_user);\n"
            f"  BEGIN EXECUTE 'GRANT CONNECT ON DATABASE \"{neighbour.subdomain}\" TO {role}';\n"
            "  EXCEPTION WHEN insufficient_privilege THEN NULL; END; RETURN NEW; END $$;\n"
            "CREATE TRIGGER spring BEFORE UPDATE ON public.ir_module_module\n"
            "  FOR EACH ROW EXECUTE FUNCTION public.spring();\n"
        )
        with provisioner.connect(spec) as connection, connection.cursor() as cr:
            cr.execute("UPDATE ir_module_module SET state = state")
            cr.execute("SELECT DISTINCT who FROM evidence")
            assert cr.fetchall() == [("saas_owner",)]
        with pytest.raises(Exception, match="permission denied for database"):
            attacker(provisioner, spec)("SELECT 1", db=neighbour.subdomain)


@pytest.mark.usefixtures("nothing_is_left")
class TestArchive:
    @pytest.mark.parametrize(
        "name",
        [
            "../outside",
            "/etc/passwd",
            "filestore/../../outside",
            "filestore/ab/../../../outside",
            "filestore/ab/ab12\\..\\..\\outside",
            "filestore/AB/ab12",
            "filestore/ab/ab12/deeper",
            "filestore/ab/.hidden",
            "another.sql",
            "filestore//etc/passwd",
        ],
    )
    def test_names_that_are_none_of_odoos(self, put_back, tmp_path, name):
        with pytest.raises(RestoreError, match="none of Odoo's"):
            put_back(entries=[(name, "content")])
        assert not (tmp_path / "outside").exists()

    @pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
    def test_what_is_no_plain_file(self, put_back, kind):
        entry = zipfile.ZipInfo(STORED)
        entry.external_attr = (kind | 0o777) << 16
        with pytest.raises(RestoreError, match="no plain file"):
            put_back(entries=[(entry, "/etc/passwd")])

    def test_the_same_name_twice(self, put_back):
        with pytest.warns(UserWarning, match="Duplicate name"), pytest.raises(RestoreError, match="twice"):
            put_back(entries=[(STORED, "one"), (STORED, "another")])

    def test_a_bomb(self, put_back):
        """A thousandth of the size, by what it says of itself."""
        with pytest.raises(RestoreError, match=r"unpacks to \d+ bytes; 1000000 are allowed"):
            put_back(entries=[(STORED, b"0" * 20_000_000)], max_bytes=1_000_000)

    def test_a_bomb_that_says_it_is_none(self, put_back, provisioner, spec, tmp_path):
        path = dumps.write(tmp_path / "lying.zip", entries=[(STORED, b"0" * 20_000_000)])
        content = path.read_bytes().replace((20_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
        path.write_bytes(content)
        with pytest.raises(RestoreError, match="can't be unpacked"):
            restore.restore(provisioner, spec, path, 1_000_000)

    def test_too_many_entries(self, put_back, monkeypatch):
        monkeypatch.setattr(dump_archive, "MAX_ENTRIES", 5)
        with pytest.raises(RestoreError, match="entries"):
            put_back(entries=[(f"filestore/ab/ab{number:04}", "") for number in range(5)])

    @pytest.mark.parametrize("manifest", [{}, [], "18.0", {"version": 18}])
    def test_manifests(self, put_back, manifest):
        with pytest.raises(RestoreError, match=r"manifest.json"):
            put_back(manifest=manifest)

    def test_another_release(self, put_back):
        with pytest.raises(RestoreError, match="is of Odoo 15.0, this tenant's is 18.0"):
            put_back(manifest={"version": "15.0"})

    def test_no_zip_at_all(self, provisioner, spec, tmp_path):
        path = tmp_path / "brought.zip"
        path.write_bytes(b"\x00" * 1000)
        with pytest.raises(RestoreError, match="can't be unpacked"):
            restore.restore(provisioner, spec, path, MAX)


def test_a_name_of_somebody_else(put_back, provisioner, spec, neighbour, tmp_path):
    """Neither a neighbour's database nor one's own that runs is replaced."""
    other = tenants.make_spec(subdomain=neighbour.subdomain)
    path = dumps.write(tmp_path / "other.zip")
    with pytest.raises(NameTakenError):
        restore.restore(provisioner, other, path, MAX)
    put_back("CREATE TABLE public.first (id int);\n")
    put_back("CREATE TABLE public.second (id int);\n")
    query = "SELECT tablename::text FROM pg_tables WHERE tablename IN ('first', 'second')"
    assert attacker(provisioner, spec)(query) == [("first",)]
