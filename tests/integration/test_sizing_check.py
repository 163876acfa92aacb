"""The size of a real cluster, read with the manager's rights."""

from saas_engine import sizing_check


def test_what_postgresql_says_of_itself(cluster):
    found = sizing_check.read(cluster)
    assert found.max_connections == 60
    assert found.shared_buffers == 64 * 2**20
    assert 1 <= found.connections < found.max_connections
    assert found.databases >= 2
    assert found.autovacuum_naptime >= 60
    assert found.machine_memory > 2**26
