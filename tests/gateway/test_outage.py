"""PostgreSQL goes away and comes back: the last copy of the directory stays in use, nobody is signed out."""

import contextlib
import time

import psycopg2
from support.gateway_client import seconds_until
from support.gateway_crons import due, last_call, trigger


@contextlib.contextmanager
def postgres_away(stack):
    stack.server.stop()
    try:
        yield
    finally:
        stack.settled.clear()
        stack.server.start()
        seconds_until(lambda: is_up(stack))


def is_up(stack):
    """Tell whether PostgreSQL takes connections again."""
    try:
        return bool(stack.gateway_sql("SELECT 1"))
    except psycopg2.OperationalError:
        return False


def test_an_outage_is_a_friendly_page_and_ends_by_itself(acme, stack, figure):
    acme.client.login()
    assert acme.client.status("/odoo") == 200
    with postgres_away(stack):
        for _ in range(6):
            page = acme.client.request("/odoo")
            assert page.status == 503
            assert "This site is taking a break" in page.text
            assert page.headers["Retry-After"]
            assert "Set-Cookie" not in page.headers
        assert acme.client.status("/odoo", host="nobody.example.com") == 404
        assert acme.client.status("/web/static/img/favicon.ico") == 200
    figure(
        "served again after an outage within", f"{seconds_until(lambda: acme.client.everywhere(200, '/odoo')):.2f} s"
    )


def test_a_suspension_right_after_an_outage_reaches_every_process(acme, stack):
    with postgres_away(stack):
        pass
    acme.set_state("suspended")
    # A process that looked during the outage looks again two seconds later.
    gevent = acme.client.gevent_port
    seconds_until(lambda: acme.client.status("/websocket", port=gevent) == 503, limit=4)
    seconds_until(lambda: acme.client.everywhere(503), limit=4)


def test_crons_run_again_after_an_outage(acme, stack):
    with postgres_away(stack):
        pass
    seconds_until(lambda: acme.client.everywhere(200))
    stack.gateway_sql("UPDATE saas.cron SET due = now(), rest_until = now() WHERE db = 'acme'")
    stack.gateway_sql("SELECT pg_notify('cron_trigger', '')")
    seconds_until(lambda: not stack.gateway_sql("SELECT due <= now() FROM saas.cron WHERE db = 'acme'")[0][0])


def test_a_tenant_whose_cron_was_at_work_is_visited_again_soon(acme, stack, figure):
    """Its lease would keep everybody else out for minutes."""
    seconds_until(lambda: not due(stack, "acme"))
    with acme.connect() as connection, connection.cursor() as cr:
        cr.execute("BEGIN")
        cr.execute("LOCK TABLE bus_bus IN ACCESS EXCLUSIVE MODE")  # which the job wants to clean
        before = last_call(acme)
        trigger(acme)
        seconds_until(lambda: waiting(cr))
        with postgres_away(stack):
            time.sleep(1)
    figure(
        "a cron that an outage has cut off ran again within",
        f"{seconds_until(lambda: last_call(acme) != before, limit=60):.1f} s",
    )


def waiting(cr):
    cr.execute("SELECT count(*) FROM pg_locks WHERE relation = 'bus_bus'::regclass AND NOT granted")
    return cr.fetchone()[0]
