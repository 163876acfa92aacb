"""The one door through which data go for good: databases, folders, roles. No other file drops any of them.

Whoever wants something gone hands in an `Order`: what it was, in which state its record is, who asked and why. The
door refuses what the rules of its kind don't allow, drops only what carries the mark of the order's key, and writes
down what went.
"""

import contextlib
import logging
import shutil

from psycopg2 import errors

from . import databases, login_roles, naming, role_settings, sessions
from .drop_order import RULES, Order, own_draft
from .errors import DropRefusedError, EngineError, NameTakenError

__all__ = ["Order", "drop", "drop_draft", "drop_draft_folder", "drop_moved", "drop_remains", "drop_role", "own_draft"]
_logger = logging.getLogger(__name__)
# Whether all that keeps a role are rights that tenants have given it in their own databases: theirs alone to take back.
GIVEN_ELSEWHERE = """
    SELECT bool_and(d.dbid <> 0 AND d.deptype IN ('a', 'r')) FROM pg_shdepend d
     WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = (SELECT oid FROM pg_roles WHERE rolname = %s)
"""


def drop(cluster, runtime, directory, order, name):
    """Drop entry, folder, database, drafts and role of a key. Runs again after a kill at any point.

    The caller holds the key's lock. The order of the steps makes it repeatable: the database's mark proves that the
    folder is ours, so it goes after the folder.

    :param str name: the database's; one that does not carry the key's mark stays, and so does its folder
    :return: what there was of it and is gone: a list of texts
    :raise DropRefusedError, NameTakenError: nothing was touched
    :raise BackupError: the dump is missing or damaged; nothing was touched
    """
    order.check()
    rule, database = RULES[order.kind], _find(cluster, order, name)
    is_ours = database is not None and database.comment == naming.database_mark(order.key)
    refusal = rule.refuses(database if is_ours else None)
    if refusal:
        raise order.refused(refusal)
    gone = []
    with _written_down(order, gone):
        if rule.has_role:
            directory.withdraw(order.key)
        if is_ours and database.is_whole:
            cluster.close(name)  # or a request under way could put a file back
        if is_ours or (database is None and _is_named_after(name, order.key)):
            gone += _drop_folder(runtime, name)
        if is_ours:
            gone += _drop_database(cluster, name)
        gone += _drop_draft(cluster, runtime, order.key)
        if rule.has_role:
            sessions.end_with_tenant(runtime, order.key)
            gone += _drop_role(cluster, order.key)
    return gone


def drop_draft(cluster, order):
    """Drop the database that a killed clone of a key has left under a draft's name.

    :raise DropRefusedError: it is no draft of this key
    """
    order.check()
    gone = []
    with _written_down(order, gone):
        gone += _drop_draft_database(cluster, order.key)


def drop_remains(cluster, order, name):
    """Drop what a DROP DATABASE that was cut off has left of a database of a key: nothing else can be done with it.

    :raise DropRefusedError: it is whole, or not of this key
    """
    order.check()
    found = cluster.database(name)
    if found is None or found.is_whole or found.comment != naming.database_mark(order.key):
        raise order.refused(f'"{name}" is nothing that a removal has left of it')
    gone = []
    with _written_down(order, gone):
        gone += _drop_database(cluster, name)


def drop_draft_folder(runtime, order):
    """Drop the folder that a killed copy of a key has left under a draft's name."""
    order.check()
    gone = []
    with _written_down(order, gone):
        gone += _drop_folder(runtime, naming.draft_database(order.key))


def drop_moved(runtime, order, name):
    """Drop the folder of a database whose files are in another runtime now."""
    order.check()
    gone = []
    with _written_down(order, gone):
        gone += _drop_folder(runtime, name)


def drop_role(cluster, order):
    """Drop the role of a key whose database is gone or sealed. One that is not there is fine.

    :raise EngineError: it still owns something or may still enter some database
    """
    order.check()
    gone = []
    with _written_down(order, gone):
        gone += _drop_role(cluster, order.key)


@contextlib.contextmanager
def _written_down(order, gone):
    """Log what is gone, also when the rest of it failed."""
    try:
        yield
    finally:
        if gone:
            _logger.info("dropped %s (%s, %s): %s", ", ".join(gone), order.kind, order.asked_by, order.why)


def _find(cluster, order, name):
    """Return the database that is meant, or None, or somebody else's of this name.

    :raise DropRefusedError: what has the key's mark has another name
    """
    with cluster.connect() as connection:
        elsewhere = set(databases.marked(connection, order.key)) - {name, naming.draft_database(order.key)}
        if elsewhere:
            raise order.refused(f"what carries its mark is called {', '.join(sorted(elsewhere))}, not {name}")
        database = databases.find(connection, name)
    if database is not None and _is_named_after(name, order.key):
        databases.require_mark(database, name, order.key)
    return database


def _is_named_after(name, key):
    """Tell whether a name of ours carries the key, which proves as much as a mark."""
    ours = {naming.draft_database(key), naming.pool_database(key), naming.workshop_database(key)}
    return name in ours or (naming.TEMPLATE_DATABASE.fullmatch(name) and naming.template_key(name) == key)


def _drop_draft(cluster, runtime, key):
    return [*_drop_folder(runtime, naming.draft_database(key)), *_drop_draft_database(cluster, key)]


def _drop_draft_database(cluster, key):
    name = naming.draft_database(key)
    found = cluster.database(name)
    if found is None:
        return []
    if found.allows_connections or found.comment not in ("", naming.database_mark(key)):
        raise DropRefusedError(f'Not dropped: "{name}" is no draft, somebody has opened or marked it.')
    return _drop_database(cluster, name)


def _drop_database(cluster, name):
    with cluster.connect() as connection:
        found = databases.find(connection, name)
        if found is None:
            return []
        if found.owner != cluster.user:
            raise NameTakenError(f'The database "{name}" is owned by {found.owner}.')
        if found.is_whole:
            databases.execute(connection, "ALTER DATABASE {} WITH IS_TEMPLATE false", name)
            databases.close(connection, name)
        databases.execute(connection, "DROP DATABASE IF EXISTS {}", name)
    return [f"database {name}"]


def _drop_folder(runtime, name):
    try:
        shutil.rmtree(runtime.folder(name))
    except FileNotFoundError:
        return []
    return [f"folder {name}"]


def _drop_role(cluster, key):
    role = naming.role_name(key)
    with cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if not cr.fetchone():
            return []
        try:
            login_roles.run(cr, "DROP ROLE IF EXISTS {}", role)
        except errors.DependentObjectsStillExist as error:
            cr.execute(GIVEN_ELSEWHERE, [role])
            if cr.fetchone() != (True,):
                raise EngineError(f"Role {role} is still in use: {error.diag.message_detail}") from None
            _retire(connection, role)
    return [f"role {role}"]


def _retire(connection, role):
    """Leave a role without any way in: rights that another tenant gave it in its own database keep it for ever."""
    with connection, connection.cursor() as cr:
        login_roles.run(cr, "ALTER ROLE {} NOLOGIN PASSWORD NULL CONNECTION LIMIT 0", role)
        login_roles.run(cr, "ALTER ROLE {} RESET ALL", role)
        login_roles.run(cr, f"REVOKE {role_settings.OWNER} FROM {{}}", role)
    _logger.warning("%s stays, closed: another tenant has given it rights in its own database", role)
