"""A look at a tenant on a real server: from outside over HTTP and TLS, from inside as its own role."""

import dataclasses
import time

import pytest
from saas_engine import health, naming
from saas_engine.health import FailingCron
from saas_engine.provisioning import Provisioner
from support import certificates

LIMITS = health.Limits(seconds_slow=5, certificate_days=14, backup_days=0, cron_failures=3)


@pytest.fixture
def examine(cluster, runtime, settings, service, tenant):
    """A function: look at the tenant, as the manager does every hour."""

    def run(seconds=5, **changes):
        served = dataclasses.replace(runtime, url=service.url)
        return Provisioner(cluster, served, dataclasses.replace(settings, **changes)).examine(tenant, seconds)

    return run


def codes(seen):
    return [reason["code"] for reason in health.judge(seen, LIMITS)]


def write(provisioner, tenant, query):
    with provisioner.connect(tenant) as connection, connection.cursor() as cr:
        cr.execute(query)


def test_well(examine):
    seen = examine()
    assert codes(seen) == []
    assert 0 < seen.seconds < 5
    assert seen.certificate_until is None, "unknown: nothing says where TLS ends"


def test_scheduled_actions_that_fail(examine, provisioner, tenant):
    write(provisioner, tenant, "UPDATE ir_cron SET failure_count = id * 2, cron_name = 'Action ' || id WHERE id < 3")
    write(provisioner, tenant, "UPDATE ir_cron SET failure_count = 9, active = false WHERE id = 3")
    seen = examine()
    assert seen.crons == (FailingCron("Action 2", 4), FailingCron("Action 1", 2))
    assert codes(seen) == ["crons"]


def test_the_page_is_gone(examine, service):
    service.broken.add("/web/login")
    assert codes(examine()) == ["page_status"]


def test_the_page_is_slow_or_does_not_come(examine, service):
    service.on_login = lambda entry: time.sleep(0.6)
    slow = examine()
    assert slow.seconds > 0.6
    assert health.judge(slow, dataclasses.replace(LIMITS, seconds_slow=0.5))[0]["code"] == "page_slow"
    assert examine(seconds=0.2).has_timed_out


def test_the_database_lets_nobody_in(examine, superuser, tenant):
    superuser(f'REVOKE CONNECT ON DATABASE "{tenant.subdomain}" FROM {naming.role_name(tenant.key)}')
    seen = examine()
    assert codes(seen) == ["database"]
    assert "permission denied" in seen.database
    superuser(f'GRANT CONNECT ON DATABASE "{tenant.subdomain}" TO {naming.role_name(tenant.key)}')
    assert codes(examine()) == []


def test_a_certificate(examine, tenant, tmp_path):
    with certificates.shown(certificates.make(tmp_path, ["*.example.com"], 5)) as (address, asked):
        seen = examine(tls_address=address)
    assert asked == [tenant.host]
    assert codes(seen) == ["certificate_soon"]
    assert 4 < seen.certificate_days < 5


def test_no_certificate_where_nothing_is_encrypted(cluster, runtime, settings, service, tenant):
    plain = dataclasses.replace(tenant, url=f"http://{tenant.host}")
    settings = dataclasses.replace(settings, tls_address=("127.0.0.1", 9))
    found = Provisioner(cluster, dataclasses.replace(runtime, url=service.url), settings).examine(plain, 5)
    assert codes(found) == []


def test_a_look_changes_nothing(examine, superuser, tenant):
    """A role that the tenant has changed is not put back by a look: it is what is to be seen."""
    role = naming.role_name(tenant.key)
    superuser(f"ALTER ROLE {role} PASSWORD 'another'")
    assert codes(examine()) == ["database"]
    assert codes(examine()) == ["database"]
