"""What a tenant uses: its users are asked as its own role, its size in the cluster."""

from saas_engine import measure


def test_use_of_a_tenant(provisioner, cluster, runtime, tenant):
    with provisioner.connect(tenant) as connection:
        with connection, connection.cursor() as cr:
            # The template of these tests has fewer columns than a real one.
            cr.execute("ALTER TABLE res_users ADD COLUMN IF NOT EXISTS share boolean")
        before = measure.use(connection, cluster, runtime, tenant.subdomain)
        with connection, connection.cursor() as cr:
            cr.execute("UPDATE res_users SET active = true, share = false")
            cr.execute("SELECT count(*) FROM res_users")
            [everybody] = cr.fetchone()
        assert measure.use(connection, cluster, runtime, tenant.subdomain)["users"] == everybody
        with connection, connection.cursor() as cr:
            cr.execute("UPDATE res_users SET share = true")
        assert (
            measure.use(connection, cluster, runtime, tenant.subdomain)["users"] == 0
        ), "people of the portal do not count"
    assert 0 < before["storage_gb"] < 1
