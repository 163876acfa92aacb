"""What all login roles have in common: a role is made once, and its password reaches neither the server nor a log."""

from psycopg2 import errors, sql
from psycopg2.extensions import encrypt_password


def run(cr, statement, role, parameters=None):
    """Run a statement about a role, whose name stands in it as `{}`."""
    cr.execute(sql.SQL(statement).format(sql.Identifier(role)), parameters)


def create(cr, role):
    """Make a role, without any right. One that is there is fine. Not within a transaction."""
    try:
        run(cr, "CREATE ROLE {}", role)
    except errors.DuplicateObject:
        pass


def set_password(cr, role, password):
    """Set a password by its SCRAM verifier, which is computed here."""
    verifier = encrypt_password(password, role, scope=cr.connection, algorithm="scram-sha-256")
    run(cr, "ALTER ROLE {} PASSWORD %s", role, [verifier])
