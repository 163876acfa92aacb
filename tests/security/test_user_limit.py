"""The plan's number of internal users in a real service: refused by the addon, and held by the gateway against SQL."""

import time

import pytest
from support import api_keys, odoo_home
from support.gateway_client import Client, RpcError, seconds_until
from support.together import at_once

LIMITS = {"plan": "starter", "plan_name": "Starter", "contact": "boss@example.com"}
REPORT = "SELECT kind, detail FROM saas.report WHERE db = %s"
# What somebody with a way past Odoo would do: users as the administrator is one.
INSERT = """
    WITH made AS (
        INSERT INTO res_users (login, password, active, share, partner_id, company_id, notification_type)
        SELECT %(login)s, password, true, %(share)s, partner_id, company_id, notification_type
          FROM res_users WHERE id = 2 RETURNING id),
    member AS (
        INSERT INTO res_groups_users_rel (uid, gid)
        SELECT made.id, g.gid FROM made, res_groups_users_rel g WHERE g.uid = 2)
    SELECT id FROM made"""


@pytest.fixture(scope="module")
def tenant(stack, service):
    """A tenant of this file's own."""
    made = stack.create_tenant("crowd")
    seconds_until(lambda: made.client.everywhere(200))
    return made


@pytest.fixture(autouse=True)
def only_the_administrator(tenant, stack):
    """Each test begins with one internal user and without a limit."""
    stack.directory.set_limits({tenant.key: {}})
    tenant.sql("UPDATE res_users SET active = false, login = 'gone' || id WHERE id <> 2 AND active")
    tenant.client.cookie = None
    time.sleep(0.5)


def limit(tenant, users):
    tenant.stack.directory.set_limits({tenant.key: {**LIMITS, "max_users": users}})
    time.sleep(0.5)  # the gateway's copy is this old at most


def insert(tenant, *logins, share=False):
    return [tenant.sql(INSERT, {"login": login, "share": share})[0][0] for login in logins]


def create(tenant, login):
    return tenant.client.execute("res.users", "create", {"name": login, "login": login, "password": f"{login}-secret"})


def client_of(tenant):
    """A second browser at the same tenant."""
    return Client(tenant.client.port, tenant.client.gevent_port, tenant.host, tenant.db)


def can_sign_in(tenant, login):
    params = {"db": tenant.db, "login": login, "password": "admin"}
    try:
        client_of(tenant).call("/web/session/authenticate", params)
    except RpcError as error:
        assert "The plan Starter of this site allows" in str(error)
        return False
    return True


def reports(tenant):
    return tenant.stack.gateway_sql(REPORT, [tenant.db])


def test_the_limit_of_a_plan_reaches_a_running_tenant(tenant, stack, figure):
    limit(tenant, 2)
    user = create(tenant, "ann")
    with pytest.raises(RpcError, match="The plan Starter allows 2 internal users.*ask boss@example.com"):
        create(tenant, "bob")
    stack.directory.set_limits({tenant.key: {**LIMITS, "max_users": 3}})
    took = seconds_until(lambda: try_create(tenant, "bob"), limit=5)
    figure("a raised limit of users lets one be created after", f"{took:.1f} s")
    tenant.client.execute("res.users", "write", [user], {"name": "Ann B."})


def try_create(tenant, login):
    try:
        return create(tenant, login)
    except RpcError:
        return False


def test_two_at_once_get_one_place(tenant):
    limit(tenant, 2)
    for turn in range(3):
        made = at_once(4, lambda number, turn=turn: try_create(tenant, f"t{turn}n{number}"))
        assert len([user for user in made if user]) == 1
        tenant.client.execute("res.users", "write", [user for user in made if user], {"active": False})


def test_the_surplus_of_sql_cannot_sign_in(tenant, figure):
    limit(tenant, 2)
    old, new = insert(tenant, "old", "new")
    session = client_of(tenant)
    time.sleep(2.1)  # what the workers remember of the users
    assert can_sign_in(tenant, "admin") and can_sign_in(tenant, "old")
    assert not can_sign_in(tenant, "new")
    assert tenant.client.rpc("common", "authenticate", tenant.db, "new", "admin", {}) is False
    assert tenant.client.rpc("common", "authenticate", tenant.db, "old", "admin", {}) == old
    with pytest.raises(RpcError, match="AccessDenied"):
        session.execute("res.users", "search_count", [], uid=new)
    assert session.execute("res.users", "search_count", [], uid=old)
    assert reports(tenant) == [("surplus_users", {"users": 3, "limit": 2})]


def test_a_session_that_was_open_ends_and_comes_back_with_a_larger_plan(tenant):
    [user] = insert(tenant, "late")
    client = client_of(tenant).login("late", "admin")
    assert client.call("/web/session/get_session_info", {})["uid"] == user
    limit(tenant, 1)
    seconds_until(lambda: client.status("/odoo") == 303, limit=5)
    assert "/web/login" in client.request("/odoo").headers["Location"]
    with pytest.raises(RpcError, match="Session"):
        client.call("/web/session/get_session_info", {})
    limit(tenant, 2)
    seconds_until(lambda: can_sign_in(tenant, "late"), limit=5)
    # Whoever is asked next clears what another process had found.
    seconds_until(lambda: can_sign_in(tenant, "late") and not reports(tenant), limit=10)


def test_hidden_ones_count(tenant):
    """`share` says that somebody is of the portal, the groups say otherwise."""
    limit(tenant, 1)
    insert(tenant, "hidden", share=True)
    time.sleep(2.1)
    assert not can_sign_in(tenant, "hidden")
    assert can_sign_in(tenant, "admin")


def test_the_first_administrator_gets_in_however_new(tenant):
    users = insert(tenant, "first", "second")
    tenant.sql("UPDATE res_users SET active = false WHERE id = 2")
    system = "SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'group_system'"
    tenant.sql(f"DELETE FROM res_groups_users_rel WHERE uid = %s AND gid = ({system})", users[:1])
    try:
        limit(tenant, 1)
        time.sleep(2.1)
        assert can_sign_in(tenant, "second")
        assert not can_sign_in(tenant, "first")
    finally:
        tenant.sql("UPDATE res_users SET active = true WHERE id = 2")


def test_an_api_key_does_not_help(tenant):
    [user] = insert(tenant, "robot")
    key = api_keys.make(client_of(tenant), "robot")
    assert client_of(tenant).execute("res.users", "search_count", [], uid=user, password=key)
    assert ask_with_key(tenant, key) != 403
    limit(tenant, 1)
    assert ask_with_key(tenant, key) == 403
    with pytest.raises(RpcError, match="AccessDenied"):
        client_of(tenant).execute("res.users", "search_count", [], uid=user, password=key)


def ask_with_key(tenant, key):
    """Return the status of a route that takes a key in a header, and no session."""
    headers = {"Authorization": f"bearer {key}", "Content_Type": "application/json", "Accept": "application/json"}
    if odoo_home.series() < "19.0":
        return client_of(tenant).status("/json/1/action-base.action_res_users/2", **headers)
    return client_of(tenant).status("/json/2/res.users/search_count", method="POST", body='{"domain": []}', **headers)


def test_the_administrator_reads_about_it(tenant):
    limit(tenant, 1)
    insert(tenant, "extra")
    time.sleep(2.1)
    info = tenant.client.login().call("/web/session/get_session_info", {})
    [text] = [notice["text"] for notice in info["saas_notices"] if notice["key"] == "users"]
    assert "The plan Starter allows 1 internal users" in text
    assert "boss@example.com" in text
