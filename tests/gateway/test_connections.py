"""How a worker finds its connection to a database: by name, clean, alive, and cleaned once per request."""

import pytest
from support.odoo_commands import ONE_SHOT, odoo
from support.odoo_home import series

PREPARE = """
import time
import odoo
from odoo.addons.saas_gateway import pooling
from odoo.sql_db import ConnectionPool, db_connect
looks, compare = [], ConnectionPool._dsn_equals
ConnectionPool._dsn_equals = lambda pool, dsn, info: (looks.append(info["database"]), compare(pool, dsn, info))[1]

def pid(cr):
    cr.execute("SELECT pg_backend_pid()")
    return cr.fetchone()[0]

def borrowed(number=1):
    # The backends of so many cursors at the same time, and how often connections were compared for them.
    looks.clear()
    cursors = [db_connect("acme").cursor() for _ in range(number)]
    pids = [pid(cr) for cr in cursors]
    for cr in cursors:
        cr.close()
    return pids, len(looks)

env.cr.close()  # the shell's own
[[first], _looks] = borrowed()
"""
AGAIN = """
print("found:", borrowed() == ([first], 0))
"""
TWO = """
pids, _looked = borrowed(2)
print("two:", pids[0] == first != pids[1])
"""
DEAD = """
alive, dying = db_connect("acme").cursor(), db_connect("acme").cursor()
alive_pid = pid(alive)
dying_pid = pid(dying)
dying.close()
alive.execute("SET ROLE NONE")
alive.execute("SELECT pg_terminate_backend(%s)", [dying_pid])
alive.close()
time.sleep(0.5)
print("alive:", borrowed()[0] == [alive_pid] != [dying_pid])
"""
OTHERS_BETWEEN = """
with db_connect("beta").cursor() as cr:
    other = pid(cr)
print("found:", borrowed() == ([first], 0), "another:", other != first)
"""
THOROUGH = """
pooling.THOROUGH = 0
pids, looked = borrowed()
print("the same:", pids == [first], "looked:", looked > 0)
"""
OTHER_KEYWORDS = """
connection = db_connect("acme")
connection._Connection__dsn = {**connection._Connection__dsn, "application_name": "other"}
looks.clear()
with connection.cursor() as cr:
    print("another:", pid(cr) != first, "looked:", bool(looks))
"""

CLEAN = """
for number in range(2):
    with db_connect("acme").cursor() as cr:
        cr.execute("SHOW application_name")
        print(number, "clean:", cr.fetchone()[0] != "left behind")
        cr.execute("SET application_name = 'left behind'")
"""
ONE_REQUEST = """
from werkzeug.test import Client
resets, reset = [], odoo.sql_db.PsycoConnection.reset
odoo.sql_db.PsycoConnection.reset = lambda cnx: (resets.append("clean_until" in vars(cnx)), reset(cnx))[1]
client = Client(odoo.http.root)
for _ in range(2):
    resets.clear()
    status = client.get("/web/login", headers={"Host": "acme.example.com"}).status_code
print(status, "clean already:", resets)
"""
MARKED = """
for when in ("before", "marked", "then"):
    with db_connect("acme").cursor() as cr:
        cr.execute("SHOW application_name")
        print(f"{when}, left behind:", cr.fetchone()[0] == "left behind")
        cr.execute("SET application_name = 'left behind'")
        if when == "before":
            cr.connection.clean_until = time.monotonic() + SECONDS
"""


def shell(stack, text):
    code, output = odoo(stack, "-d", "acme", *ONE_SHOT, subcommand="shell", text=PREPARE + text)
    assert code == 0, output[-3000:]
    return output


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (AGAIN, "found: True"),
        (OTHERS_BETWEEN, "found: True another: True"),
        (TWO, "two: True"),
        (OTHER_KEYWORDS, "another: True looked: True"),
        (THOROUGH, "the same: True looked: True"),
        (DEAD, "alive: True"),
    ],
    ids=["again", "after another's", "while it is in use", "other keywords", "now and then", "a dead one"],
)
def test_a_connection_is_found_by_its_database_or_looked_for(stack, acme, beta, what, says):
    output = shell(stack, what)
    assert says in output, output[-3000:]


def test_who_takes_it_next_finds_it_clean(stack, acme):
    output = shell(stack, CLEAN)
    assert "0 clean: True" in output, output[-3000:]
    assert "1 clean: True" in output


@pytest.mark.skipif(series() >= "19.0", reason="19.0 takes one connection per request")
def test_a_request_has_its_connection_cleaned_once(stack, acme):
    output = shell(stack, ONE_REQUEST)
    assert "200 clean already: [False, True]" in output, output[-3000:]


@pytest.mark.skipif(series() >= "19.0", reason="19.0 takes one connection per request")
@pytest.mark.parametrize(("seconds", "says"), [(60, "left behind: True"), (-1, "left behind: False")])
def test_what_counts_as_clean_does_so_once_and_for_a_moment(stack, acme, seconds, says):
    output = shell(stack, MARKED.replace("SECONDS", str(seconds)))
    assert f"marked, {says}" in output, output[-3000:]
    assert "then, left behind: False" in output
