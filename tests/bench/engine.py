"""The manager's own engine on the stack's cluster, without Odoo around it."""

import time
import uuid

from saas_engine import dropping
from saas_engine.cluster import Cluster
from saas_engine.provisioning import Provisioner
from saas_engine.runtime import Runtime
from saas_engine.settings import Settings
from saas_engine.spec import TenantSpec


def provisioner(demo):
    """Return the engine's Provisioner, configured as the manager of this stack is."""
    secrets, postgres = demo.run_dir / "secrets", demo.description["postgres"]
    settings = Settings.from_environment(
        {
            "SAAS_MASTER_SECRET_FILE": str(secrets / "master"),
            "SAAS_RUNTIMES_DIR": str(demo.run_dir / "runtimes"),
            "SAAS_BACKUP_DIR": str(demo.run_dir / "backups"),
            "SAAS_BASE_DOMAIN": "localhost",
        }
    )
    password = (secrets / "saas_manager").read_text().strip()
    cluster = Cluster(postgres["host"], postgres["port"], password=password)
    return Provisioner(cluster, Runtime.load(settings.runtimes_dir, "shared"), settings)


def time_database_work(engine, template):
    """Return the seconds of the steps of one provision that work in PostgreSQL; what they made is removed again."""
    tenant = spec(engine, template)
    try:
        start = time.monotonic()
        engine.clone_database(tenant)
        engine.personalise(tenant)
        engine.publish(tenant)
        return time.monotonic() - start
    finally:
        undo(engine, tenant)


def undo(engine, tenant):
    """Remove what was made for a tenant of the bench."""
    engine.undo(tenant, dropping.Order("attempt", tenant.key, "failed", "the bench", "the measurement is over"))


def spec(engine, template, name=None, key=None):
    """Return a tenant of the bench's own, a clone of a template's database.

    :param Provisioner engine: of its runtime
    :param str name: of its database
    :param str key: of its role
    """
    name = name or f"bench-{uuid.uuid4().hex[:10]}"
    return TenantSpec(
        key=key or uuid.uuid4().hex,
        subdomain=name,
        host=f"{name}.localhost",
        url=f"http://{name}.localhost",
        template_database=template,
        release=engine.runtime.release,
        company_name=name,
        admin_name=name,
        admin_email=f"{name}@example.com",
        lang="en_US",
        tz="UTC",
    )
