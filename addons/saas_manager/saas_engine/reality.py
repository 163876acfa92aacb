"""What there is on a server, all of it, in a number of queries that does not grow with the tenants."""

import dataclasses
import logging
import re

from . import databases, filestore, naming, role_settings
from .directory import Directory

_logger = logging.getLogger(__name__)
ROLE = re.compile("tenant_(" + naming.TENANT_KEY.pattern + ")")
MARK = re.compile("saas:(" + naming.TENANT_KEY.pattern + ")")
ALL_DATABASES = """
    SELECT d.datname, r.rolname, coalesce(shobj_description(d.oid, 'pg_database'), ''), d.datallowconn, d.datistemplate,
           d.datconnlimit <> -2
      FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba ORDER BY d.datname
"""
ALL_ROLES = """
    SELECT r.rolname, r.rolconnlimit, r.rolcanlogin, r.rolvaliduntil IS NULL OR r.rolvaliduntil = 'infinity',
           EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles o ON o.oid = m.roleid
                    WHERE m.member = r.oid AND o.rolname = %(owner)s),
           ARRAY(SELECT coalesce(d.datname || ': ', '') || c.line
                   FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase,
                        unnest(s.setconfig) AS c (line) WHERE s.setrole = r.oid),
           ARRAY(SELECT u.rolname FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member
                  WHERE m.roleid = r.oid AND u.rolname <> current_user)
      FROM pg_roles r WHERE r.rolname ~ %(pattern)s
"""
FLAGS = ("can log in", "valid for ever", f"member of {role_settings.OWNER}")
REDIRECTS = """
    SELECT t.key, array_agg(r.host ORDER BY r.host) FROM saas.redirect r JOIN saas.tenant t USING (db)
     WHERE r.until > now() GROUP BY t.key
"""


@dataclasses.dataclass(frozen=True)
class Reality:
    """What was found.

    :param dict databases: key -> the databases that carry its mark, drafts included
    :param frozenset names: of all databases, also of those that are not ours
    :param dict roles: key -> what its role has, as `role_settings.drift` names it
    :param dict folders: code of a runtime -> the names of the folders in its filestore
    :param dict entries: key -> its `TenantEntry`
    :param dict redirects: key -> the hosts that lead on to it
    :param dict routes: code of a dedicated runtime -> the hosts that the proxy leads to it
    """

    databases: dict = dataclasses.field(default_factory=dict)
    names: frozenset = frozenset()
    roles: dict = dataclasses.field(default_factory=dict)
    folders: dict = dataclasses.field(default_factory=dict)
    entries: dict = dataclasses.field(default_factory=dict)
    redirects: dict = dataclasses.field(default_factory=dict)
    routes: dict = dataclasses.field(default_factory=dict)


def read(cluster, runtimes, routes=None):
    """Return the `Reality` of a server. Reads only.

    :param runtimes: the `Runtime` objects of this server
    :param dict routes: as in `Reality`, from whoever writes the proxy's files
    """
    with cluster.connect() as connection, connection.cursor() as cr:
        found, names = _databases(cr, cluster.user)
        return Reality(
            databases=found,
            names=names,
            roles=_roles(cr),
            folders=_folders(runtimes),
            entries={entry.key: entry for entry in Directory(cluster).entries()},
            redirects=_redirects(cr),
            routes=routes or {},
        )


def wanted_role(limits):
    """Return what a role should have: `role_settings.expected` and what no plan changes."""
    return {**role_settings.expected(limits), **dict.fromkeys(FLAGS, True)}


def _folders(runtimes):
    """Return the folders of each runtime whose disk can be read from here."""
    found = {}
    for runtime in runtimes:
        try:
            found[runtime.code] = frozenset(filestore.names(runtime))
        except OSError as error:
            _logger.warning("files of runtime %s not compared: %s", runtime.code, error)
    return found


def _databases(cr, owner):
    """Return those that are ours, by key, and the names of all."""
    cr.execute(ALL_DATABASES)
    found, names = {}, set()
    for row in cr.fetchall():
        database = databases.Database(*row)
        names.add(database.name)
        mark = MARK.fullmatch(database.comment)
        if mark and database.owner == owner:
            found.setdefault(mark[1], []).append(database)
    return found, frozenset(names)


def _roles(cr):
    cr.execute(ALL_ROLES, {"owner": role_settings.OWNER, "pattern": f"^{ROLE.pattern}$"})
    return {ROLE.fullmatch(name)[1]: _role(*rest) for name, *rest in cr.fetchall()}


def _role(connections, can_login, is_valid, is_member, settings, strangers):
    """Return one role in the words of `role_settings.drift`."""
    found = {role_settings.CONNECTIONS: connections}
    found |= dict(zip(FLAGS, (can_login, is_valid, is_member), strict=True))
    found |= dict(line.split("=", 1) for line in settings)
    return found | {f"granted to {member}": member for member in strangers}


def _redirects(cr):
    cr.execute(REDIRECTS)
    return {key: tuple(hosts) for key, hosts in cr.fetchall()}
