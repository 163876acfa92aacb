"""A visitor of one host asks for another tenant's database: by session, address and header."""

import pytest


def test_a_neighbours_session_cookie_opens_nothing(acme, beta):
    cookie = beta.client.login().cookie
    beta.client.cookie = None
    answer = acme.client.post_json("/web/session/get_session_info", {})
    assert "error" in answer.json()
    page = acme.client.request("/odoo", Cookie=f"session_id={cookie}")
    assert page.status == 303 and "/web/login" in page.headers["Location"]


@pytest.mark.parametrize("query", ["?db=beta", "?db=postgres", "?db=tpl_gateway_v1"])
def test_the_address_cannot_choose_another_database(acme, query):
    page = acme.client.request(f"/web/login{query}")
    assert page.status in (200, 303)
    assert "beta" not in page.headers.get("Location", "")


@pytest.mark.parametrize("db", ["beta", "postgres", "nosuchdatabase", ""])
def test_a_header_cannot_choose_another_database(acme, db):
    assert acme.client.status(X_Odoo_Database=db) == 404
    assert acme.client.status(X_Odoo_Database="acme") == 200
