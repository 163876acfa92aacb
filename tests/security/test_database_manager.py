"""The pages of Odoo's database manager: closed in every spelling."""

import pytest


@pytest.mark.parametrize(
    "path",
    [
        "/web/database",
        "/web/database/selector",
        "/web/database/manager",
        "/web/database/list",
        "/web/database/backup",
        "//web//database/manager",
        "/web//database/manager",
        "/./web/./database/manager",
        "/fr/web/database/manager",
        "/pt_BR/web/database/selector",
        "/sr@latin/web/database/selector",
        "/%77eb/%64atabase/manager",
        "/web%2Fdatabase%2Fmanager",
        "/WEB/Database/manager",
        "/web/database/manager?db=acme",
        "/web/database;x/manager",
        "/web/database%2Fmanager",
        "/web%2fdatabase",
        "/web/database%00/manager",
        "/web/database/../database/manager",
        "/fr_FR/web/database/manager",
        "/en/web/database/restore",
        "/xx/web/database/manager",
        "/web/database/change_password",
    ],
)
def test_the_database_manager_is_closed(acme, path):
    for method in ("GET", "POST", "PUT", "OPTIONS"):
        answer = acme.client.request(path, method, body="" if method in ("POST", "PUT") else None)
        assert answer.status == 404, method
        assert "database" not in answer.text.lower()


def test_a_path_that_only_resembles_the_database_manager_is_odoos(acme):
    page = acme.client.request("/website/web-database")
    assert page.status == 404
    assert "There is nothing at this address." not in page.text


@pytest.mark.parametrize(
    "path", ["/web/../web/database/manager", "/%2577eb/database/manager", "/web\\database\\manager"]
)
def test_what_odoo_does_not_decode_leads_nowhere(acme, path):
    answer = acme.client.request(path)
    assert answer.status in (303, 404)
    assert "master" not in answer.text.lower() and "backup" not in answer.text.lower()


def test_the_services_of_the_old_protocol_are_closed(acme):
    body = "<methodCall><methodName>list</methodName></methodCall>"
    for path in ("/xmlrpc/2/db", "/xmlrpc/db"):
        answer = acme.client.request(path, "POST", body, Content_Type="text/xml")
        assert "Access Denied" in answer.text or answer.status == 404
        assert "beta" not in answer.text
