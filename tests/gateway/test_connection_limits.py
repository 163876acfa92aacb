"""No connection to PostgreSQL is to be had: of one tenant's role, or of the whole cluster."""

import contextlib

import psycopg2
import pytest
from saas_engine import naming
from support import gateway_service, postgres
from support.gateway_client import seconds_until


@pytest.fixture
def superuser(stack):
    """Run SQL as the cluster's superuser."""
    login = {"host": stack.server.host, "port": stack.server.port, "dbname": "postgres"}
    with contextlib.closing(
        psycopg2.connect(**login, user="postgres", password=postgres.SUPERUSER_PASSWORD)
    ) as connection:
        connection.autocommit = True

        def run(query, values=None):
            with connection.cursor() as cr:
                cr.execute(query, values)
                return cr.fetchall() if cr.description else []

        yield run


def end_sessions(superuser, db):
    superuser("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [db])


def assert_refused_in_words(tenant, path):
    for _ in range(6):  # each worker has its turn
        page = tenant.client.request(path)
        assert page.status == 503, page.text[:500]
        assert "This site is taking a break" in page.text
        assert page.headers["Retry-After"]
        assert "Set-Cookie" not in page.headers


def test_of_a_tenants_role(acme, beta, superuser, figure):
    acme.client.login()
    role = naming.role_name(acme.key)
    [[before]] = superuser("SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", [role])
    superuser(f"ALTER ROLE {role} CONNECTION LIMIT 0")
    try:
        end_sessions(superuser, acme.db)
        assert_refused_in_words(acme, "/odoo")
        assert_refused_in_words(acme, "/web/login")
        answer = acme.client.post_json(
            "/jsonrpc", {"service": "common", "method": "login", "args": [acme.db, "a", "b"]}
        )
        assert (answer.status, answer.json()["error"]["message"]) == (503, "This site is taking a break")
        assert beta.client.everywhere(200)
    finally:
        superuser(f"ALTER ROLE {role} CONNECTION LIMIT {before}")
    seconds = seconds_until(lambda: acme.client.everywhere(200, "/odoo"), limit=10)
    figure("served again after a role's limit of connections within", f"{seconds:.2f} s")


def test_of_the_cluster(acme, beta, gamma, stack, superuser):
    acme.client.login()
    login = {"host": stack.server.host, "port": stack.server.port, "dbname": "postgres", "user": "saas_gateway"}
    with contextlib.ExitStack() as held:
        for tenant in (acme, gamma):
            end_sessions(superuser, tenant.db)
        with pytest.raises(psycopg2.OperationalError, match="connection"):
            while True:
                held.enter_context(
                    contextlib.closing(psycopg2.connect(**login, password=gateway_service.GATEWAY_PASSWORD))
                )
        assert_refused_in_words(acme, "/odoo")
        assert_refused_in_words(gamma, "/web/login")  # whose registry no worker has, unless another test came before
    seconds_until(lambda: acme.client.everywhere(200, "/odoo"), limit=10)
    assert beta.client.everywhere(200)
