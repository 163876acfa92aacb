"""The processes of the demo, to compare an installation's with."""

from pathlib import Path

from stack.odoo_source import OdooSource
from stack.paths import Paths
from stack.secret_files import SecretFiles
from stack.services import Stack

ROOT = Path(__file__).resolve().parents[2]


class FakeCluster:
    host, port, binaries, superuser, password_file = "127.0.0.1", 5432, None, "postgres", None

    class program:
        name = "postgres"


def demo_programs(folder):
    """Return the names of what `make demo` starts.

    :param folder: an empty one; nothing is started
    """
    paths = Paths(ROOT, folder, folder)
    ports = dict.fromkeys(("public", "manager", "manager_gevent", "tenant", "tenant_gevent", "smtp", "mail"), 1)
    odoo = OdooSource(folder, "18.0", "")
    secrets = SecretFiles(folder, ROOT / "addons" / "saas_manager")
    stack = Stack(paths, ports, odoo, FakeCluster, secrets, Path("python"), Path("tools"), Path("queue_job"), ())
    return {program.name for program in stack.programs()}
