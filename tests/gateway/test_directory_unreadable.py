"""The directory can't be read while PostgreSQL answers: the last copy stays in use, and whoever watches is told."""

import contextlib

import psutil
import psycopg2
import pytest
from saas_engine.directory import Directory
from support import postgres
from support.gateway_client import seconds_until

AGE = "X-Saas-Directory-Unread-Seconds"


@pytest.fixture
def unreadable(stack):
    """A context in which the gateways may not read what is published."""
    login = {"host": stack.server.host, "port": stack.server.port, "dbname": "postgres"}
    connection = psycopg2.connect(**login, user="postgres", password=postgres.SUPERUSER_PASSWORD)
    connection.autocommit = True

    @contextlib.contextmanager
    def closed():
        with connection.cursor() as cr:
            cr.execute("REVOKE SELECT ON saas.publication FROM saas_gateways")
            try:
                yield
            finally:
                cr.execute("GRANT SELECT ON saas.publication TO saas_gateways")

    with contextlib.closing(connection):
        yield closed


def age(client):
    """Return for how many seconds the process that answers could not read the directory."""
    return int(client.request("/web/health", host="127.0.0.1").headers[AGE])


def test_the_last_copy_stays_in_use_and_it_says_so(acme, beta, stack, unreadable, figure):
    beta.set_state("suspended", "unpaid")
    seconds_until(lambda: beta.client.everywhere(503))
    seconds_until(lambda: age(acme.client) == 0)
    before = len(stack.log())
    with unreadable():
        seconds_until(lambda: age(acme.client) >= 3, limit=15)
        for _ in range(6):
            assert acme.client.status() == 200
            assert beta.client.status() == 503
            assert acme.client.status(host="nobody.example.com") == 404
        acme.set_state("suspended")
        assert acme.client.status() == 200  # nobody knows
        said = stack.log()[before:]
        assert "stays in use: permission denied" in said
        # Once per process and minute, however many ask.
        assert said.count("directory not read") <= len(psutil.Process().children(recursive=True))
    figure("heard of a change after the directory was unreadable within", f"{reads_again(acme):.2f} s")
    seconds_until(lambda: "directory read again after" in stack.log()[before:], limit=10)
    assert age(acme.client) == 0


def reads_again(tenant):
    return seconds_until(lambda: tenant.client.everywhere(503), limit=10)


def test_a_worker_without_any_copy_answers_unavailable_until_it_has_one(acme, stack, service, unreadable):
    with unreadable():
        for worker in forked(service):
            worker.kill()
        seconds_until(lambda: answers(acme) and acme.client.everywhere(503), limit=30)
        page = acme.client.request("/web/login")
        assert "This site is taking a break" in page.text and page.headers["Retry-After"]
        # The same for a host that is nobody's: who has no copy does not know.
        nobody = acme.client.request("/web/login", host="nobody.example.com")
        assert (nobody.status, "This site is taking a break" in nobody.text) == (503, True)
        assert acme.client.request("/web/health", host="127.0.0.1").status == 503
        assert "there is none yet: permission denied" in stack.log()
    seconds_until(lambda: acme.client.everywhere(200), limit=30)
    assert age(acme.client) == 0
    assert Directory(stack.cluster).entry(acme.key).state == "active"


def forked(service):
    """Return the workers: processes with the service's own command line; the evented one has another."""
    main = psutil.Process(service.pid)
    return [child for child in main.children() if child.cmdline() == main.cmdline()]


def answers(tenant):
    """Tell whether anybody answers: workers that were killed are replaced within seconds."""
    with contextlib.suppress(OSError):
        return bool(tenant.client.status())
    return False
