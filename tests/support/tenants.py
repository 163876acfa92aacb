"""Tenants, runtimes and a fake template for tests of the engine."""

import itertools
import uuid
from pathlib import Path

from saas_engine import dropping, naming, provisioning, roles
from saas_engine.bootstrap import bootstrap
from saas_engine.cluster import Cluster
from saas_engine.runtime import Runtime
from saas_engine.settings import Settings
from saas_engine.spec import TenantSpec

from . import postgres

MANAGER_PASSWORD, GATEWAY_PASSWORD = "test-manager", "test-gateway"
MASTER = b"0123456789abcdef0123456789abcdef"
TEMPLATE = "tpl_fake_v1"
FAKE_TEMPLATE = Path(__file__).with_name("fake_template.sql")
_numbers = itertools.count(1)


class Provisioner(provisioning.Provisioner):
    """One whose tenants are what a failed run has left, unless a test says more."""

    def undo(self, spec, asked=None):
        """Remove all that the steps made."""
        return super().undo(spec, asked or order("attempt", spec.key, "failed"))


def order(kind, key, state, **more):
    """Return what the engine needs to know before it drops something."""
    return dropping.Order(kind, key, state, "the tests", "a test has ended", **more)


def make_settings(folder, **changes):
    """Return settings whose folders lie in a test's own."""
    values = {
        "master_secret": MASTER,
        "runtimes_dir": folder / "runtimes",
        "backup_dir": folder / "backups",
    }
    return Settings(**{**values, **changes})


def make_runtime(folder, url="http://127.0.0.1:9", command=("odoo-bin",)):
    """Return a runtime whose data lie in a test's own folder."""
    return Runtime("shared", "18.0", url, folder / "data", list(command), {})


def make_spec(subdomain=None, key=None, **changes):
    """Return a tenant that nobody has yet."""
    subdomain = subdomain or f"acme{next(_numbers)}"
    values = {
        "template_database": TEMPLATE,
        "release": "18.0",
        "limits": {"users": 5},
        "company_name": "Acme & Söhne",
        "admin_name": "Ada Lovelace",
        "admin_email": "Ada@example.com",
        "lang": "de_DE",
        "tz": "Europe/Berlin",
    }
    host = f"{subdomain}.example.com"
    return TenantSpec(key or uuid.uuid4().hex, subdomain, host, f"https://{host}", **{**values, **changes})


def bootstrap_server(server):
    """Prepare a test's server as an installation does."""
    passwords = (postgres.SUPERUSER_PASSWORD, MANAGER_PASSWORD, GATEWAY_PASSWORD)
    bootstrap(server.host, server.port, "postgres", *passwords)


def make_cluster(server):
    """Return a server's cluster as the manager sees it."""
    return Cluster(server.host, server.port, password=MANAGER_PASSWORD)


def make_cluster_with_template(server, folder):
    """Return the same with the sealed fake template in it.

    :param Path folder: for the template's files
    """
    cluster = make_cluster(server)
    build_fake_template(cluster, make_runtime(folder), make_settings(folder))
    return cluster


def build_fake_template(cluster, runtime, settings):
    """Make a sealed template the way the builder does, with SQL in Odoo's place."""
    key = naming.template_key(TEMPLATE)
    password = runtime.tenant_password(settings.master_secret, key)
    roles.ensure_role(cluster, key, password, {})
    cluster.clone("template1", TEMPLATE, key)
    with cluster.connect_as_tenant(TEMPLATE, key, password) as connection, connection.cursor() as cr:
        cr.execute(FAKE_TEMPLATE.read_text(encoding="utf-8"))
    cluster.seal(TEMPLATE, key)
    dropping.drop_role(cluster, order("build", key, "building"))


def fill_filestore(runtime, name=TEMPLATE, size=1000):
    """Write two attachments into a database's folder."""
    for checksum in ("ab12", "cd34"):
        path = runtime.filestore(name) / checksum[:2] / checksum
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(checksum.encode() * (size // 4))


def provision(provisioner, spec):
    """Run the steps that need no tenant service."""
    provisioner.reserve(spec)
    for step in (provisioner.clone_database, provisioner.clone_filestore, provisioner.personalise, provisioner.publish):
        step(spec)
