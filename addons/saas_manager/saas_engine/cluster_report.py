"""What the manager may do in a cluster, and how the cluster is."""

import dataclasses
import shutil
import time
from pathlib import Path

from .ownership import Owner

# What must stay free on PostgreSQL's disk: without room for its log the whole server stops, with all tenants.
RESERVE_BYTES = 512 * 1024 * 1024
OWNER = "the owner in the directory (run the bootstrap again)"
LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost", ""}
# right -> whether the connected role has it; each is one column of one query
RIGHTS = {
    "CREATEDB": "(SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user)",
    "CREATEROLE": "(SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user)",
    "NOSUPERUSER (the manager must not be a superuser)": (
        "(SELECT NOT rolsuper FROM pg_roles WHERE rolname = current_user)"
    ),
    "member of pg_signal_backend": "pg_has_role('pg_signal_backend', 'MEMBER')",
    "member of pg_monitor": "pg_has_role('pg_monitor', 'MEMBER')",
    "role saas_owner, with ADMIN": """EXISTS (
        SELECT FROM pg_auth_members m JOIN pg_roles o ON o.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
        WHERE o.rolname = 'saas_owner' AND u.rolname = current_user AND m.admin_option)""",
    "role saas_gateway": "EXISTS (SELECT FROM pg_roles WHERE rolname = 'saas_gateway')",
    "SET of temp_file_limit": "has_parameter_privilege('temp_file_limit', 'SET')",
    "CONNECT on template1": "has_database_privilege('template1', 'CONNECT')",
    "the directory (schema saas)": "to_regclass('saas.tenant') IS NOT NULL",
    OWNER: "to_regclass('saas.owner') IS NOT NULL",
}


@dataclasses.dataclass(frozen=True)
class ClusterReport:
    """The answer of `Cluster.check`."""

    version: str
    role: str
    missing_rights: list
    tenants: int
    latency_ms: float
    free_bytes: int | None  # of the cluster's disk, as `total_bytes`; None where this machine can't see it
    total_bytes: int | None = None
    free_memory: int | None = None  # of the machine, in bytes; None where the cluster runs on another one
    total_memory: int | None = None
    owner: Owner | None = None  # None where nobody asked

    @property
    def ok(self):
        """Whether nothing is missing."""
        return not self.missing_rights


def make(connection, host):
    """Inspect the cluster through a connection to its database `postgres`.

    :return: a ClusterReport
    """
    with connection.cursor() as cr:
        started = time.monotonic()
        cr.execute("SELECT current_user, current_setting('server_version')")
        latency_ms = (time.monotonic() - started) * 1000
        role, version = cr.fetchone()
        cr.execute(f"SELECT {', '.join(RIGHTS.values())}")
        missing = [right for right, held in zip(RIGHTS, cr.fetchone(), strict=True) if not held]
        cr.execute("SELECT count(*) FROM pg_roles WHERE rolname ~ '^tenant_[0-9a-f]{32}$'")
        [tenants] = cr.fetchone()
        disk, memory = (None, None), (None, None)
        if _is_local(host):
            disk, memory = _disk(cr, "member of pg_monitor" not in missing), machine_memory()
    return ClusterReport(version.split()[0], role, missing, tenants, round(latency_ms, 2), *disk, *memory)


def missing_room(connection, host, template):
    """Return how many bytes PostgreSQL's disk lacks for a clone: twice the template, for its log too, and the reserve.

    :return: 0 where there is room, or where this machine can't see that disk
    """
    if not _is_local(host):
        return 0
    with connection.cursor() as cr:
        free, _total = _disk(cr, True)
        if free is None:
            return 0
        cr.execute("SET ROLE pg_monitor")
        cr.execute("SELECT pg_database_size(oid) FROM pg_database WHERE datname = %s", [template])
        sizes = cr.fetchall()
        cr.execute("RESET ROLE")
    return max(0, 2 * sum(size for (size,) in sizes) + RESERVE_BYTES - free)


def _is_local(host):
    return host in LOCAL_HOSTS or host.startswith("/")


def _disk(cr, may_monitor):
    """Return the free and the total bytes of the cluster's disk, if this machine can see it."""
    if not may_monitor:
        return None, None
    cr.execute("SET ROLE pg_monitor")
    cr.execute("SELECT current_setting('data_directory')")
    [folder] = cr.fetchone()
    cr.execute("RESET ROLE")
    try:
        usage = shutil.disk_usage(folder)
    except OSError:  # the cluster runs in a container, or its folder is closed to us
        return None, None
    return usage.free, usage.total


def machine_memory(path="/proc/meminfo"):
    """Return the free and the total bytes of this machine's memory, where the system tells them."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:  # not Linux
        return None, None
    kilobytes = {name: int(rest.split()[0]) for name, _colon, rest in (line.partition(":") for line in lines) if rest}
    if not {"MemAvailable", "MemTotal"} <= kilobytes.keys():  # some containers show a part of it
        return None, None
    return kilobytes["MemAvailable"] * 1024, kilobytes["MemTotal"] * 1024
