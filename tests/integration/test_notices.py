"""What tenants' administrators are told lies beside the limits, and whatever publishes a tenant keeps it."""

import dataclasses

NOTICES = {"storage": {"used_mb": 4100.5, "since": None}, "past_due": {"until": "2026-01-29"}}


def version(cluster):
    with cluster.connect() as connection, connection.cursor() as cr:
        cr.execute("SELECT version FROM saas.publication")
        return cr.fetchone()[0]


def test_published_beside_the_limits(provisioner, cluster, tenant):
    directory, before = provisioner.directory, version(cluster)
    directory.set_notices({tenant.key: NOTICES, "0" * 32: {"of": "nobody"}})
    entry = directory.entry(tenant.key)
    assert (entry.notices, entry.limits) == (NOTICES, tenant.limits)
    assert version(cluster) > before, "gateways look again"
    directory.set_limits({tenant.key: {"users": 6}})
    directory.set_state(tenant.key, "suspended", "unpaid")
    assert directory.entry(tenant.key).notices == NOTICES
    directory.set_redirects(tenant.key, {})
    assert directory.entry(tenant.key).notices == NOTICES


def test_published_with_the_tenant(provisioner, tenant):
    provisioner.publish(dataclasses.replace(tenant, notices=NOTICES))
    assert provisioner.directory.entry(tenant.key).notices == NOTICES
    provisioner.publish(tenant)
    assert provisioner.directory.entry(tenant.key).notices == {}
