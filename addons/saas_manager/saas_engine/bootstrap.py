"""Prepare a cluster: roles, rights, directory, extensions, the manager's database. Run once, or any number of times.

    PYTHONPATH=addons/saas_manager python -m saas_engine.bootstrap

with a superuser in `SAAS_PG_SUPERUSER` and `SAAS_PG_SUPERUSER_PASSWORD`; `docs/architecture.md` has all variables.
"""

import contextlib
import os
import sys
import time
from pathlib import Path

import psycopg2
from psycopg2 import errors, sql

from . import login_roles
from .errors import ConfigurationError, EngineError
from .pg_errors import translated
from .settings import port_number, text_secret

SQL = Path(__file__).parent / "sql"
MANAGER_DATABASE = "manager"
MINIMUM_VERSION = 150000
STARTING, START_SECONDS = "the database system is starting up", 30


def bootstrap(host, port, superuser, superuser_password, manager_password, gateway_password):
    """Bring a cluster to the state that the manager and the gateways expect.

    :param superuser_password: None where the server trusts the superuser or libpq knows it
    :raise ConfigurationError: the server is too old, not UTF-8, or lacks an extension
    """

    def connect(db):
        return _session(host, port, db, superuser, superuser_password)

    with translated(f"PostgreSQL {host}:{port}"):
        _wait_while_starting(connect)
        with connect("postgres") as connection:
            _check(connection)
            # Two bootstraps at once would update the same rows of the catalogue.
            _run(connection, "SELECT pg_advisory_lock(hashtextextended('saas:bootstrap', 0))")
            _run_file(connection, "bootstrap.sql")
            with connection.cursor() as cr:
                login_roles.set_password(cr, "saas_manager", manager_password)
                login_roles.set_password(cr, "saas_gateway", gateway_password)
            _run_file(connection, "directory.sql")
            _create_manager_database(connection)
            _prepare(connect, "template1", "template1.sql")
            _prepare(connect, MANAGER_DATABASE, "manager.sql")


@contextlib.contextmanager
def _session(host, port, db, user, password):
    connection = psycopg2.connect(
        host=host,
        port=port,
        dbname=db,
        user=user,
        password=password,
        connect_timeout=5,
        application_name="saas_bootstrap",
    )
    with contextlib.closing(connection):
        connection.autocommit = True
        yield connection


def _wait_while_starting(connect):
    """A server that was started a moment ago listens before it takes logins."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with connect("postgres"):
                return
        except psycopg2.OperationalError as error:
            if STARTING not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def _check(connection):
    if connection.server_version < MINIMUM_VERSION:
        raise ConfigurationError(f"PostgreSQL 15 or newer is needed, this is {connection.server_version // 10000}.")
    with connection.cursor() as cr:
        cr.execute("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template1'")
        [encoding] = cr.fetchone()
    if encoding != "UTF8":
        raise ConfigurationError(f"The cluster's template1 is {encoding}: initialise the cluster with encoding UTF8.")


def _create_manager_database(connection):
    name = sql.Identifier(MANAGER_DATABASE)
    with contextlib.suppress(errors.DuplicateDatabase):
        create = "CREATE DATABASE {} OWNER saas_manager TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'"
        _run(connection, sql.SQL(create).format(name))
    _run(connection, sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    _run(connection, sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO saas_manager").format(name))


def _prepare(connect, db, file):
    try:
        with connect(db) as connection:
            _run_file(connection, file)
    except errors.UndefinedFile as error:
        raise ConfigurationError(f"The server lacks an extension (contrib package): {error}") from None


def _run_file(connection, name):
    _run(connection, (SQL / name).read_text(encoding="utf-8"))


def _run(connection, statement, parameters=None):
    with connection.cursor() as cr:
        cr.execute(statement, parameters)


def main(environ=None):
    """Run the bootstrap with the settings of the environment; return the exit code."""
    environ = os.environ if environ is None else environ
    host = environ.get("SAAS_PG_HOST") or "127.0.0.1"
    superuser_password = environ.get("SAAS_PG_SUPERUSER_PASSWORD") or environ.get("SAAS_PG_SUPERUSER_PASSWORD_FILE")
    try:
        port = port_number(environ, "SAAS_PG_PORT") or 5432
        bootstrap(
            host,
            port,
            environ.get("SAAS_PG_SUPERUSER") or "postgres",
            text_secret(environ, "SAAS_PG_SUPERUSER_PASSWORD") if superuser_password else None,
            text_secret(environ, "SAAS_PG_MANAGER_PASSWORD"),
            text_secret(environ, "SAAS_PG_GATEWAY_PASSWORD"),
        )
    except EngineError as error:
        print(f"bootstrap: {error}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    print(f"bootstrap: {host}:{port} is ready")  # noqa: T201 - a command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
