"""A name that was another tenant's: nothing of that one is served under it."""

import concurrent.futures

import pytest
from saas_engine import dropping
from support import tenants
from support.gateway_client import seconds_until

NAME = "theta"


@pytest.fixture
def create(stack, service):
    """A function that creates a tenant of this name, with a parameter that no other has."""
    made = []

    def create(secret):
        tenant = stack.create_tenant(NAME)
        made.append(tenant)
        tenant.sql("INSERT INTO ir_config_parameter (key, value) VALUES ('saas.test', %s)", [secret])
        seconds_until(lambda: tenant.client.everywhere(200))
        return tenant

    yield create
    remove(stack, made[-1])


def remove(stack, tenant):
    """Do what a termination does to directory and database."""
    asked = tenants.order("attempt", tenant.key, "failed")
    dropping.drop(stack.cluster, tenants.make_runtime(stack.folder), stack.directory, asked, tenant.db)


def parameters_everywhere(tenant):
    """Return what the workers answer: requests at the same time are taken by all of them."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        ask = lambda _number: tenant.client.execute("ir.config_parameter", "get_param", "saas.test")  # noqa: E731
        return set(pool.map(ask, range(8)))


def test_whoever_gets_a_name_sees_nothing_of_the_one_before(stack, create):
    before = create("of the one before")
    assert parameters_everywhere(before) == {"of the one before"}
    remove(stack, before)
    assert parameters_everywhere(create("of the new one")) == {"of the new one"}
