"""Single steps on databases, each on a connection of the manager. `Cluster` puts them together."""

import contextlib
import dataclasses

from psycopg2 import errors, sql

from . import naming
from .errors import EngineError, NameTakenError, RetryableError, TemplateNotReadyError

FIND = """
    SELECT d.datname, r.rolname, coalesce(shobj_description(d.oid, 'pg_database'), ''), d.datallowconn, d.datistemplate,
        d.datconnlimit <> -2
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = %s
"""
MARKED = """
    SELECT datname FROM pg_database
    WHERE starts_with(datname, %(prefix)s) AND pg_get_userbyid(datdba) = %(owner)s
        AND shobj_description(oid, 'pg_database') = %(mark)s || substr(datname, length(%(prefix)s) + 1)
        AND (datconnlimit <> -2 OR NOT %(whole)s)
"""
WITH_MARK = "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = %s ORDER BY datname"
# Superusers' sessions can't be ended, and autovacuum gives way by itself: DROP and RENAME see to it.
EVICT = """
    SELECT pg_terminate_backend(a.pid, 5000) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
    WHERE a.datname = %s AND NOT r.rolsuper AND a.pid <> pg_backend_pid()
"""


@dataclasses.dataclass(frozen=True)
class Database:
    """One database. The comment tells whose it is: ``saas:<key>``."""

    name: str
    owner: str
    comment: str
    allows_connections: bool
    is_template: bool
    is_whole: bool = True  # False: a removal was cut off; only another one is possible

    @property
    def sealed(self):
        """Whether it is a template that can be cloned and not be entered."""
        return self.is_template and not self.allows_connections


def find(connection, name):
    """Return the `Database` of this name, or None."""
    with connection.cursor() as cr:
        cr.execute(FIND, [name])
        row = cr.fetchone()
    return Database(*row) if row else None


def marked(connection, key):
    """Return the names of all databases that carry the mark of a key: one, unless something went wrong."""
    with connection.cursor() as cr:
        cr.execute(WITH_MARK, [naming.database_mark(key)])
        return [name for (name,) in cr.fetchall()]


def create_draft(connection, template, key):
    """Clone a template under the draft's name of a key, closed and marked, and return that name."""
    draft = naming.draft_database(key)
    try:
        execute(connection, "CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log ALLOW_CONNECTIONS false", draft, template)
        set_mark(connection, draft, key)
        return draft
    except errors.InvalidCatalogName:
        raise TemplateNotReadyError(f'The template database "{template}" does not exist.') from None
    except (errors.UndefinedFile, errors.DataCorrupted) as error:
        complaint = " ".join(str(error).split())
        raise TemplateNotReadyError(f'The template "{template}" is damaged, build it again: {complaint}') from None
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        # The server may still be busy with the clone of a worker that was killed a moment ago.
        raise RetryableError(f'The clone "{draft}" is still being made by a job that was stopped.', seconds=2) from None


def open_draft(connection, draft, key):
    """Mark a draft and let the role of its key alone in, to fill it."""
    with connection:
        execute(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC, CURRENT_USER", draft)
        set_mark(connection, draft, key)
        admit(connection, draft, key)
        open_to_role(connection, draft)


def hand_over(connection, draft, name, key):
    """Give a draft its rights, its mark and its name, in one transaction."""
    with connection:
        admit(connection, draft, key)
        take_over(connection, draft, name, key)
        open_to_role(connection, name)


def take_over(connection, draft, name, key):
    """Give a draft its mark and its name, and nobody any right. Within a transaction of the caller."""
    # New databases open to PUBLIC, and to their owner.
    execute(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC, CURRENT_USER", draft)
    set_mark(connection, draft, key)
    rename(connection, draft, name)


def admit(connection, name, key):
    """Give the tenant's role, and nobody else, the right to come in."""
    execute(connection, "GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}", name, naming.role_name(key))
    # It acts as this one, whose right counts: Odoo's analysis of invoices makes temporary tables.
    execute(connection, "GRANT TEMPORARY ON DATABASE {} TO saas_owner", name)


def set_mark(connection, name, key):
    """Write down whose database it is."""
    mark = sql.Literal(naming.database_mark(key))
    with connection.cursor() as cr:
        cr.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), mark))


def seal_as(connection, name, key, new_name, new_key):
    """Turn a closed database into a template of another name and key, all in one transaction."""
    with connection:
        execute(connection, "REVOKE ALL ON DATABASE {} FROM {}", name, naming.role_name(key))
        execute(connection, "ALTER DATABASE {} WITH IS_TEMPLATE true", name)
        take_over(connection, name, new_name, new_key)


def find_prepared(connection, pool_key):
    """Return the name of a clone that waits in the pool and is as it was left, or None."""
    if not pool_key:
        return None
    found = find(connection, naming.pool_database(pool_key))
    untouched = found and found.comment == naming.database_mark(pool_key) and not found.allows_connections
    return found.name if untouched and found.is_whole else None


def rename(connection, name, new_name):
    """Rename a database that nobody is in."""
    try:
        execute(connection, "ALTER DATABASE {} RENAME TO {}", name, new_name)
    except (errors.DuplicateDatabase, errors.UniqueViolation):  # the latter of a rename at the same moment
        raise NameTakenError(f'The database "{new_name}" exists and belongs to somebody else.') from None


def open_to_role(connection, name):
    """Let those in who have the right."""
    execute(connection, "ALTER DATABASE {} WITH ALLOW_CONNECTIONS true", name)


def close(connection, name):
    """Let nobody in any more and end the sessions that are in."""
    execute(connection, "ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", name)
    with acting_as(connection, "pg_signal_backend") as cr:
        cr.execute(EVICT, [name])


def require_mark(database, name, key):
    """Raise unless this is a database of this key."""
    if database is None:
        raise EngineError(f'The database "{name}" does not exist.')
    if database.comment != naming.database_mark(key):
        raise NameTakenError(f'The database "{name}" belongs to somebody else.')


@contextlib.contextmanager
def acting_as(connection, role):
    """Give a cursor with the rights of a predefined role, which the manager holds but does not inherit."""
    with connection.cursor() as cr:
        cr.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        try:
            yield cr
        finally:
            if not connection.closed:
                cr.execute("RESET ROLE")


def execute(connection, statement, *names):
    """Run a statement with names in its braces."""
    with connection.cursor() as cr:
        cr.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
