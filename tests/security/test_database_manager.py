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
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_database_manager_is_closed(acme, path, method):
    answer = acme.client.request(path, method, body="" if method == "POST" else None)
    assert answer.status == 404
    assert "database" not in answer.text.lower()


def test_a_path_that_only_resembles_the_database_manager_is_odoos(acme):
    page = acme.client.request("/website/web-database")
    assert page.status == 404
    assert "There is nothing at this address." not in page.text
