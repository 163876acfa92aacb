"""`/json/1` and `/json/2` take an API key and no session: a key opens the database that made it, at its own hosts."""

import pytest
from support import api_keys, odoo_home
from support.gateway_client import Client

IS_19 = odoo_home.series() >= "19.0"
# 18.0 has no /json/2: what is there answers like any address that leads nowhere.
JSON_2 = "/json/2/res.users/search"
JSON_1 = "/json/1/action-base.action_res_users"


@pytest.fixture(scope="module")
def keys(service, tenants):
    """An API key of the administrators of two tenants, by tenant."""
    made = {}
    for name in ("acme", "beta"):
        client = tenants[name].client
        made[name] = api_keys.make(Client(client.port, client.gevent_port, client.host, client.db), "admin")
    return made


def ask(tenant, key, path, method, **headers):
    body = '{"domain": []}' if method == "POST" else None
    headers = {"Accept": "application/json", "Content_Type": "application/json", **headers}
    return tenant.client.request(path, method, body, Authorization=f"Bearer {key}", **headers)


@pytest.fixture(params=[(JSON_1, "GET"), (JSON_2, "POST")], ids=["json-1", "json-2"])
def route(request, acme):
    path, method = request.param
    if path == JSON_2 and not IS_19:
        pytest.skip("18.0 has no /json/2")
    acme.client.execute("ir.config_parameter", "set_param", "web.json.enabled", "True")
    return path, method


def test_positive_control(acme, keys, route):
    assert ask(acme, keys["acme"], *route).status in (200, 307)


def test_a_neighbours_key_is_refused_like_one_that_does_not_exist(acme, beta, keys, route):
    unknown = keys["beta"][:-1] + ("0" if keys["beta"][-1] != "0" else "1")
    answers = [ask(acme, key, *route) for key in (keys["beta"], unknown)]
    assert [answer.status for answer in answers] == [401, 401]
    assert answers[0].text.replace(keys["beta"], "") == answers[1].text.replace(unknown, "")


def test_a_header_leads_to_no_other_database(acme, beta, keys, route):
    answers = [ask(acme, keys["beta"], *route, X_Odoo_Database=db) for db in ("beta", "nosuchdatabase")]
    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    assert ask(acme, keys["acme"], *route, X_Odoo_Database="acme").status in (200, 307)


def test_an_address_leads_to_no_other_database(acme, beta, keys, route):
    path, method = route
    assert ask(acme, keys["beta"], f"{path}?db=beta", method).status == 401


def test_json_2_is_not_there_before_19(acme):
    if IS_19:
        pytest.skip("19.0 has it")
    assert acme.client.request(JSON_2, "POST", "{}", Content_Type="application/json").status in (303, 400, 401, 404)
