"""A dump that a customer brings, made a tenant's database. Whatever stands in it is run as that tenant's role.

It is filled under a draft's name, closed to everybody else, and handed over when it is whole: a failed restore leaves
nothing. What the dump has planted (triggers, functions, views) is there afterwards, and runs with the tenant's rights.
"""

import contextlib
import re
import threading

import psycopg2

from . import databases, dropping, dump_archive, dump_script, filestore, naming, pg_errors
from .backup import TAKE_BACK
from .errors import RestoreError

SECONDS = 3600
TEMPLATE = "template1"  # with the extensions that Odoo needs, which only a superuser can make
# Whose things are is decided here, not by the dump; and what belongs to the server is there already.
PASSED_OVER = re.compile(
    rb"""(ALTER\s.+\sOWNER\s+TO\s+\S+ | GRANT\s.+ | REVOKE\s.+ | ALTER\s+DEFAULT\s+PRIVILEGES\s.+
    | CREATE\s+EXTENSION\s.+ | COMMENT\s+ON\s+EXTENSION\s.+
    | CREATE\s+SCHEMA\s+public | COMMENT\s+ON\s+SCHEMA\s+public\s.+)\s*;$""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
INSTALLED = "SELECT EXISTS (SELECT FROM ir_module_module WHERE name = 'base' AND state = 'installed')"


def restore(provisioner, spec, path, max_bytes, seconds=SECONDS):
    """Make a tenant's database and files from a zip in Odoo's format. Runs again; a killed run is replaced.

    :param Provisioner provisioner: of the tenant's runtime
    :param TenantSpec spec: the tenant, which has no database yet
    :param Path path: the zip
    :param int max_bytes: of all that it may unpack to
    :param float seconds: how long its SQL may run
    :raise RestoreError: what is wrong with the dump; nothing is left
    :raise NameTakenError: the name is somebody else's
    :raise DiskFullError: no room
    """
    with provisioner.cluster.locked(spec.key), dump_archive.opened(path, max_bytes) as archive:
        provisioner.require_free(spec, owns_folder=True)
        if provisioner.cluster.database(spec.subdomain) is None:
            _check_release(archive.manifest, spec)
            filestore.require_bytes(provisioner.runtime, 2 * archive.size)
            with _nothing_left_on_failure(provisioner, spec):
                _restore(provisioner, spec, archive, seconds)
        # A run that was killed a moment before this one stands here, too.
        filestore.rename(provisioner.runtime, naming.draft_database(spec.key), spec.subdomain)


def _check_release(manifest, spec):
    if manifest["version"] != spec.release:
        raise RestoreError(f"The dump is of Odoo {manifest['version'][:20]}, this tenant's is {spec.release}.")


@contextlib.contextmanager
def _nothing_left_on_failure(provisioner, spec):
    try:
        yield
    except BaseException:
        _close_draft(provisioner.cluster, spec.key)
        order = dropping.Order("attempt", spec.key, "failed", "the restore", "the dump could not be restored")
        dropping.drop(provisioner.cluster, provisioner.runtime, provisioner.directory, order, spec.subdomain)
        raise


def _close_draft(cluster, key):
    """Close what this run, or one that was killed, has opened to fill it: the door drops no draft that is open."""
    draft = naming.draft_database(key)
    with cluster.connect() as connection:
        found = databases.find(connection, draft)
        if found is not None and found.is_whole and found.comment == naming.database_mark(key):
            databases.close(connection, draft)


def _restore(provisioner, spec, archive, seconds):
    cluster, runtime, draft = provisioner.cluster, provisioner.runtime, naming.draft_database(spec.key)
    dropping.drop_draft_folder(runtime, dropping.own_draft(spec.key))
    provisioner.ensure_role(spec)
    _close_draft(cluster, spec.key)
    with cluster.connect() as connection:
        dropping.drop_draft(cluster, dropping.own_draft(spec.key))
        databases.create_draft(connection, TEMPLATE, spec.key)
        databases.open_draft(connection, draft, spec.key)
    _run_script(provisioner, spec, draft, archive, seconds)
    # Whatever the script made of its role: nobody else logs in before that is put back.
    provisioner.ensure_role(spec)
    _look(provisioner, spec, draft)
    archive.unpack_files(filestore.folder(runtime, draft))
    with cluster.connect() as connection:
        databases.close(connection, draft)
        databases.hand_over(connection, draft, spec.subdomain, spec.key)


def _run_script(provisioner, spec, draft, archive, seconds):
    """Run it as the tenant's role, for so long and no longer, whatever limits it lifts for itself."""
    over = threading.Event()

    def end():
        over.set()
        with provisioner.cluster.connect() as connection:
            databases.close(connection, draft)

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        with provisioner.enter(spec, draft) as connection, connection.cursor() as cr, archive.script() as file:
            _run_statements(cr, file, over)
    finally:
        timer.cancel()
        timer.join()


def _run_statements(cr, file, over):
    try:
        cr.execute(
            "SET statement_timeout = 0; SET lock_timeout = 0"
        )  # a large index takes its time; `over` comes anyway
        for statement, data in dump_script.statements(file):
            if data is not None:
                cr.copy_expert(statement, data)
            elif not PASSED_OVER.match(statement):
                cr.execute(statement)
    except psycopg2.Error as error:
        if error.pgcode == pg_errors.DISK_FULL:
            raise
        reason = "it took too long" if over.is_set() else " ".join(str(error).split())[:500]
        raise RestoreError(f"PostgreSQL does not take the dump: {reason}") from error


def _look(provisioner, spec, draft):
    """See that it is a database of Odoo's, and take what the role made for itself."""
    with provisioner.enter(spec, draft) as connection, connection.cursor() as cr:
        cr.execute(TAKE_BACK)
        cr.execute("SELECT to_regclass('public.ir_module_module') IS NOT NULL")
        if cr.fetchone() == (True,):
            cr.execute(INSTALLED)
            if cr.fetchone() == (True,):
                return
        raise RestoreError("The dump is none of a database of Odoo's.")
