"""What a tenant uses: its users are asked as its own role, its size in the cluster, with those of all others."""

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


def test_all_databases_of_a_cluster_in_one_query(cluster, tenant):
    sizes = measure.database_sizes(cluster, [tenant.subdomain, tenant.template_database, "no-such-database"])
    assert set(sizes) == {tenant.subdomain, tenant.template_database}, "one that is gone is left out"
    assert all(size > 2**20 for size in sizes.values())
    with cluster.connect() as connection:
        # Within a session that goes on: the rights of the question end with it.
        measure.database_sizes(cluster, [tenant.subdomain])
        with connection.cursor() as cr:
            cr.execute("SELECT current_user")
            assert cr.fetchone() == ("saas_manager",)
    assert measure.database_sizes(cluster, []) == {}
