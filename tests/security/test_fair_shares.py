"""What one tenant does to the service, its neighbours hardly notice: real load, and real pages of a neighbour."""

import concurrent.futures
import contextlib
import json
import re
import statistics
import threading
import time
import urllib.parse

import pytest
import websocket
from support.gateway_client import seconds_until

SLOW = 4  # seconds that a slow request takes
TOLERATED = 1.5  # times a page's time without load; the median of the neighbour's pages
FLOOD = 8  # requests at a time
EXPORTED = 1_000_000
SCHEDULED = 0.01  # seconds that a page may wait for a processor, whoever has it
TRY_LATER = 1013  # how Odoo closes websockets that send too much
SUBSCRIBE = json.dumps({"event_name": "subscribe", "data": {"channels": [], "last": 0}})
SPIN = """
end = datetime.datetime.now() + datetime.timedelta(seconds=10)
while datetime.datetime.now() < end:
    pass"""

pytestmark = pytest.mark.usefixtures("service")


def page_seconds(tenant, count=15):
    """Return the median time of the web client's page, each on a connection of its own."""
    times = []
    for _ in range(count):
        start = time.monotonic()
        assert tenant.client.status("/odoo") == 200
        times.append(time.monotonic() - start)
    return statistics.median(times)


@pytest.fixture
def sluggish(acme):
    """A tenant in which making a category takes seconds."""
    acme.sql(f"""
        CREATE OR REPLACE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_sleep({SLOW}); RETURN NEW; END';
        CREATE OR REPLACE TRIGGER dawdle BEFORE INSERT ON res_partner_category
            FOR EACH ROW EXECUTE FUNCTION dawdle()""")
    yield acme
    acme.sql("DROP TRIGGER dawdle ON res_partner_category")


def be_slow(tenant):
    """Make a request that takes seconds; return its status."""
    arguments = [tenant.db, 2, "admin", "res.partner.category", "create", [{"name": "Slow"}]]
    params = {"service": "object", "method": "execute_kw", "args": arguments}
    return tenant.client.post_json("/jsonrpc", params).status


@contextlib.contextmanager
def load(work, threads=FLOOD):
    """Have threads repeat some work until the block ends; give the list of its results."""
    results, over = [], threading.Event()

    def go_on():
        while not over.is_set():
            results.append(work())
            over.wait(0.1)  # the load is made on the same two cores as the service

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        working = [pool.submit(go_on) for _ in range(threads)]
        try:
            yield results
        finally:
            over.set()
    for one in working:
        one.result()


@contextlib.contextmanager
def beside(tenant, figure, what):
    """Compare pages of the tenant before, during and after what the block does; it yields during its load."""
    tenant.client.login()
    before = page_seconds(tenant)
    during = []
    # The better of two looks: other work on the machine comes and goes.
    yield lambda count=40: during.append(min(page_seconds(tenant, count // 2) for _ in range(2)))
    quiet = max(before, page_seconds(tenant))
    [loaded] = during
    figure(f"page of a neighbour beside {what}", f"{loaded / quiet:.2f}x ({loaded * 1000:.0f} ms)")
    assert loaded < TOLERATED * quiet + SCHEDULED


def test_slow_requests_leave_a_worker_to_the_neighbours(sluggish, beta, figure):
    with beside(beta, figure, "slow requests") as measure, load(lambda: be_slow(sluggish)) as statuses:
        time.sleep(2 * SLOW + 1)  # the first ones may take all workers, until they are known to be slow
        measure()
    assert set(statuses) == {200, 503}


def test_who_is_refused_reads_when_to_come_back(sluggish):
    with load(lambda: be_slow(sluggish)):
        time.sleep(SLOW)
        seconds_until(lambda: sluggish.client.status() == 503, limit=2 * SLOW)
        answer = sluggish.client.request("/web/login")
    if answer.status == 503:  # else the last one was just done
        assert answer.headers["Retry-After"] == "5"
        assert "busy" in answer.text
    seconds_until(lambda: sluggish.client.everywhere(200))


@pytest.fixture
def crowded(acme):
    """A tenant with a million rows to export."""
    acme.sql(
        "INSERT INTO ir_logging (name, type, dbname, level, message, path, func, line, create_date)"
        " SELECT 'export', 'server', 'acme', 'INFO', 'row ' || number, 'path', 'func', '1', now()"
        "   FROM generate_series(1, %s) number",
        [EXPORTED],
    )
    yield acme
    acme.sql("TRUNCATE ir_logging")


def export(client):
    """Ask for all rows as CSV, as the list's button does."""
    fields = [{"name": name, "label": name, "type": "char"} for name in ("name", "message", "path", "func", "line")]
    data = {"model": "ir.logging", "fields": fields, "ids": False, "domain": [], "import_compat": False, "groupby": []}
    token = re.search(r'csrf_token: "([^"]+)"', client.request("/web").text)[1]
    body = urllib.parse.urlencode({"data": json.dumps(data | {"context": {}}), "csrf_token": token})
    return client.request("/web/export/csv", "POST", body, Content_Type="application/x-www-form-urlencoded")


def test_an_export_of_a_million_rows(crowded, beta, figure):
    client = crowded.client.login()
    with concurrent.futures.ThreadPoolExecutor(1) as pool, beside(beta, figure, "a million rows' export") as measure:
        exporting = pool.submit(export, client)
        time.sleep(1)
        measure(100)
        assert not exporting.done()
        answer = exporting.result()
    assert (answer.status, answer.body.count(b"\n")) == (200, EXPORTED + 1)


@pytest.fixture
def spinning(acme):
    """A tenant whose scheduled action does nothing but use a processor; code that came by SQL, past all refusals."""
    [[action, code, cron]] = acme.sql(
        "SELECT a.id, a.code, c.id FROM ir_act_server a JOIN ir_cron c ON c.ir_actions_server_id = a.id"
        "  JOIN ir_model_data d ON d.res_id = c.id AND d.model = 'ir.cron' AND d.name = 'autovacuum_job'"
    )
    acme.sql("UPDATE ir_act_server SET code = %s WHERE id = %s", [SPIN, action])
    acme.client.execute("ir.cron", "write", [cron], {"nextcall": "2020-01-01 00:00:00"})
    yield acme
    acme.sql("UPDATE ir_act_server SET code = %s WHERE id = %s", [code, action])


def test_a_cron_that_uses_a_processor(spinning, beta, stack, figure):
    running = "SELECT rest_until > now() AND last_seconds IS NOT NULL FROM saas.cron WHERE db = 'acme'"
    with beside(beta, figure, "a spinning cron") as measure:
        seconds_until(lambda: stack.gateway_sql(running) == [(True,)], limit=10)
        measure(60)
    seconds_until(
        lambda: stack.gateway_sql("SELECT due > now() FROM saas.cron WHERE db = 'acme'") == [(True,)], limit=60
    )


def flood(client):
    """Send messages through a websocket until it is closed; return why: its code, or the status of the refusal."""
    try:
        connection = client.websocket()
    except websocket.WebSocketBadStatusException as error:
        return error.status_code
    with contextlib.closing(connection):
        try:
            while True:
                connection.send(SUBSCRIBE)
                connection.settimeout(0.01)
                with contextlib.suppress(websocket.WebSocketTimeoutException):
                    opcode, data = connection.recv_data()
                    if opcode == websocket.ABNF.OPCODE_CLOSE:
                        return int.from_bytes(data[:2], "big")
        except (OSError, websocket.WebSocketException):
            return "cut"


def seconds_of_answer(tenant):
    """Return how long it takes to open a websocket, subscribe, and hear from the other side."""
    start = time.monotonic()
    with contextlib.closing(tenant.client.websocket()) as listening:
        listening.send(SUBSCRIBE)
        listening.ping("there")
        opcode = None
        while opcode != websocket.ABNF.OPCODE_PONG:
            opcode = listening.recv_data(control_frame=True)[0]
            assert opcode != websocket.ABNF.OPCODE_CLOSE
    return time.monotonic() - start


def test_a_flood_of_websockets(acme, beta, figure):
    client = acme.client.login()
    with beside(beta, figure, "a flood of websockets") as measure, load(lambda: flood(client), 20) as outcomes:
        seconds_until(lambda: 503 in outcomes, limit=20)
        measure()
        answered = seconds_of_answer(beta)
    figure("answer of a neighbour's websocket beside it", f"{answered:.2f} s")
    assert TRY_LATER in outcomes
