"""What a tenant's role may take from the cluster, by its plan: expected, compared, put back.

A role may change its own settings (`ALTER ROLE self SET`), so the limits of statements are put back by whoever needs
the role, and by the reconciler. Connections and temporary files are no tenant's to lift, not even in its own session.
There is no `lock_timeout` (`statement_timeout` counts waiting too) and no `work_mem` (a session may raise it anyway).
"""

from psycopg2 import sql

OWNER = "saas_owner"
CONNECTIONS = "connection limit"
# What a role has whose plan says nothing: builds of templates, copies that are worked on.
DEFAULTS = {
    "max_connections": 20,
    "max_statement_seconds": 600,
    "max_idle_seconds": 300,
    "max_temp_mb": 1024,
}
SETTINGS = """
    SELECT coalesce(d.datname, ''), split_part(c.line, '=', 1), substr(c.line, strpos(c.line, '=') + 1)
      FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
      LEFT JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c (line)
     WHERE r.rolname = %s
"""
ATTRIBUTES = """
    SELECT rolconnlimit, rolcanlogin, rolvaliduntil IS NULL OR rolvaliduntil = 'infinity',
           EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles o ON o.oid = m.roleid
                    WHERE m.member = r.oid AND o.rolname = %s)
      FROM pg_roles r WHERE rolname = %s
"""
STRANGERS = """
    SELECT u.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
     WHERE r.rolname = %s AND u.rolname <> current_user
"""


def expected(limits):
    """Return what a role has: PostgreSQL's name of a setting -> its text, and `CONNECTIONS` -> a number.

    :param dict limits: as the directory publishes them; what is missing there has its default, 0 is unlimited
        (`max_connections` is at least 1)
    """
    values = {name: int(limits.get(name, default)) for name, default in DEFAULTS.items()}
    return {
        CONNECTIONS: max(values["max_connections"], 1),
        "role": OWNER,
        "statement_timeout": f"{values['max_statement_seconds']}s",
        "idle_in_transaction_session_timeout": f"{values['max_idle_seconds']}s",
        "temp_file_limit": f"{values['max_temp_mb']}MB" if values["max_temp_mb"] else "-1",
    }


def drift(cursor, role, limits):
    """Return what differs of a role: what it is -> (found, expected), with None for "is not there". Empty: nothing.

    A password can't be read, so it is not compared. To be called as the manager.

    :param str role: the role's name; one that does not exist differs by `role exists` alone
    """
    cursor.execute(ATTRIBUTES, [OWNER, role])
    row = cursor.fetchone()
    if row is None:
        return {"role exists": (None, role)}
    found, wanted = {CONNECTIONS: row[0]}, expected(limits)
    cursor.execute(SETTINGS, [role])
    for db, name, text in cursor.fetchall():
        found[f"{db}: {name}" if db else name] = text
    cursor.execute(STRANGERS, [role])
    found |= {f"granted to {member}": member for (member,) in cursor.fetchall()}
    for what, is_so in zip(("can log in", "valid for ever", f"member of {OWNER}"), row[1:], strict=True):
        found[what], wanted[what] = is_so, True
    names = found.keys() | wanted.keys()
    return {each: (found.get(each), wanted.get(each)) for each in sorted(names) if found.get(each) != wanted.get(each)}


def apply(cursor, role, limits):
    """Make a role that exists what it should be, all but its password. Sessions that are open keep what they have.

    To be called as the manager, in a transaction of the caller: no login may meet the role half set, which would
    create objects under its own name.
    """
    wanted = expected(limits)
    login = "ALTER ROLE {role} LOGIN CONNECTION LIMIT %s VALID UNTIL 'infinity'"
    _run(cursor, login, role, [wanted.pop(CONNECTIONS)])
    _run(cursor, "GRANT {other} TO {role}", role, other=OWNER)
    _reset(cursor, role)
    for name, text in wanted.items():
        _run(cursor, "ALTER ROLE {role} SET {other} = %s", role, [text], other=name)


def put_back(cursor, role, limits):
    """Apply the limits where something differs, in a transaction of the caller.

    :return: whether anything did; a role that is not there is nobody's to change
    """
    found = drift(cursor, role, limits)
    if not found or "role exists" in found:
        return False
    apply(cursor, role, limits)
    return True


def _reset(cursor, role):
    """Undo `ALTER ROLE self SET`, in every database, and (PostgreSQL 15) `GRANT self TO somebody`."""
    _run(cursor, "ALTER ROLE {role} RESET ALL", role)
    cursor.execute(SETTINGS, [role])
    for db in sorted({db for db, _name, _text in cursor.fetchall() if db}):
        _run(cursor, "ALTER ROLE {role} IN DATABASE {other} RESET ALL", role, other=db)
    cursor.execute(STRANGERS, [role])
    for (member,) in cursor.fetchall():
        _run(cursor, "REVOKE {role} FROM {other}", role, other=member)


def _run(cursor, statement, role, parameters=None, other=""):
    names = {"role": sql.Identifier(role), "other": sql.Identifier(other or role)}
    cursor.execute(sql.SQL(statement).format(**names), parameters)
