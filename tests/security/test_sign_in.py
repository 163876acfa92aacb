"""Support signs in to a real tenant: once, within a minute, where and as whom the manager said, and in plain sight."""

import http.cookies
import re
import time
from urllib.parse import urlencode

import pytest
from saas_engine import naming, sign_in
from support.gateway_client import RpcError, seconds_until

BY = "Sam of Support"
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def tenant(acme):
    acme.client.cookie = None
    yield acme
    acme.client.cookie = None


def mint(tenant, **changes):
    """Do what the manager does at the click."""
    key = naming.sign_in_key(tenant.stack.secret, changes.pop("key", tenant.key))
    claims = {"host": tenant.host, "login": "admin", "by": BY, **changes}
    return sign_in.mint(key, **claims)


def keep_cookie(client, answer):
    cookies = http.cookies.SimpleCookie()
    for value in answer.headers.get_all("Set-Cookie") or []:
        cookies.load(value)
    if "session_id" in cookies:
        client.cookie = cookies["session_id"].value


def post(tenant, token, csrf=None):
    """Do what the page does in the browser."""
    page = tenant.client.request(sign_in.PATH)
    keep_cookie(tenant.client, page)
    body = urlencode({"token": token, "csrf_token": csrf or CSRF.search(page.text)[1]})
    answer = tenant.client.request(sign_in.PATH, "POST", body, Content_Type="application/x-www-form-urlencoded")
    if answer.status == 303:
        keep_cookie(tenant.client, answer)
    return answer


def session(tenant):
    return tenant.client.call("/web/session/get_session_info", {})


def test_signs_in(tenant, stack):
    answer = post(tenant, mint(tenant))
    assert answer.status == 303
    assert answer.headers["Location"].endswith("/odoo")
    info = session(tenant)
    assert (info["uid"], info["saas_support"]) == (2, {"by": BY})
    assert info["is_system"]
    page = tenant.client.request("/odoo")
    assert page.status == 200 and "saas_support" in page.text
    assert tenant.client.request("/web/session/logout").status in (302, 303)
    with pytest.raises(RpcError, match="[Ss]ession"):
        session(tenant)


def test_a_password_leaves_no_mark(tenant):
    tenant.client.login()
    assert "saas_support" not in session(tenant)


def test_the_tenant_reads_who_came(tenant):
    post(tenant, mint(tenant, by="Ada <b>Lovelace</b>"))
    [row] = tenant.client.execute("saas.sign.in", "search_read", [], ["operator", "user_id"], limit=1)
    assert (row["operator"], row["user_id"][0]) == ("Ada <b>Lovelace</b>", 2)
    [partner] = tenant.client.execute("res.users", "read", [2], ["partner_id"])
    domain = [("model", "=", "res.partner"), ("res_id", "=", partner["partner_id"][0]), ("body", "like", "support")]
    [note, *_] = tenant.client.execute("mail.message", "search_read", domain, ["body"], limit=1)
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt; of the service's support signed in as" in note["body"].replace("&#39;", "'")


def test_nobody_rewrites_it(tenant):
    post(tenant, mint(tenant))
    [row] = tenant.client.execute("saas.sign.in", "search", [], limit=1)
    for method, args in (
        ("write", ([row], {"operator": "Nobody"})),
        ("unlink", ([row],)),
        ("create", ({"nonce": "x", "operator": "x"},)),
    ):
        with pytest.raises(RpcError, match="AccessError"):
            tenant.client.execute("saas.sign.in", method, *args)


def test_works_once(tenant):
    token = mint(tenant)
    assert post(tenant, token).status == 303
    tenant.client.cookie = None
    again = post(tenant, token)
    assert again.status == 403
    assert "used already" in again.text
    with pytest.raises(RpcError, match="[Ss]ession"):
        session(tenant)


def test_reading_uses_nothing_up(tenant):
    token = mint(tenant)
    for path in (sign_in.PATH, f"{sign_in.PATH}?token={token}"):
        for method in ("GET", "HEAD"):
            assert tenant.client.request(path, method).status == 200
    assert post(tenant, token).status == 303


def test_is_kept_nowhere(tenant, stack):
    page = tenant.client.request(sign_in.PATH)
    token = mint(tenant)
    answer = post(tenant, token)
    for each in (page, answer, post(tenant, token)):
        assert each.headers["Cache-Control"] == "no-store"
        assert each.headers["Referrer-Policy"] == "no-referrer"
        assert token not in each.text
    assert token not in stack.log()


def test_without_the_page_it_is_refused(tenant):
    token = mint(tenant)
    assert post(tenant, token, csrf="forged").status == 400
    assert post(tenant, token).status == 303


def test_too_old(tenant):
    answer = post(tenant, mint(tenant, now=time.time() - 61))
    assert answer.status == 403 and "too old" in answer.text
    assert post(tenant, mint(tenant, now=time.time() - 30)).status == 303


def test_forged(tenant, beta):
    """Each with what would make it good, one thing changed."""
    good = mint(tenant)
    payload, signature = good.split(".")
    other = mint(tenant, login="demo").split(".")
    for label, token in {
        "altered login": f"{other[0]}.{signature}",
        "altered signature": f"{payload}.{other[1]}",
        "key of the neighbour": mint(tenant, key=beta.key),
        "host of the neighbour": mint(tenant, host=beta.host),
        "longer than a minute": mint(tenant, now=time.time() + 600),
        "the role's password for a key": sign_in.mint(
            naming.role_password(tenant.stack.secret, tenant.key), tenant.host, "admin", BY
        ),
        "nothing": "",
    }.items():
        answer = post(tenant, token)
        assert answer.status == 403 and "not valid" in answer.text, label
        with pytest.raises(RpcError, match="[Ss]ession"):
            session(tenant)
    assert post(tenant, good).status == 303


def test_of_one_tenant_at_another(tenant, beta):
    token = mint(tenant)
    beta.client.cookie = None
    answer = post(beta, token)
    beta.client.cookie = None
    assert answer.status == 403 and "not valid" in answer.text
    assert post(tenant, token).status == 303


def test_as_whom(tenant):
    """As the administrator that the manager knows; one who is none, or is unknown, does not count."""
    tenant.sql("UPDATE res_users SET login = 'boss@acme.example' WHERE id = 2")
    try:
        for login in ("boss@acme.example", "gone@acme.example", "public", "__system__"):
            assert post(tenant, mint(tenant, login=login)).status == 303
            assert session(tenant)["uid"] == 2, login
            tenant.client.cookie = None
    finally:
        tenant.sql("UPDATE res_users SET login = 'admin' WHERE id = 2")


def test_replaces_who_was_signed_in(tenant):
    tenant.client.login()
    before = tenant.client.cookie
    assert post(tenant, mint(tenant)).status == 303
    assert tenant.client.cookie != before
    assert session(tenant)["saas_support"] == {"by": BY}


def test_suspended(tenant):
    token = mint(tenant)
    tenant.set_state("suspended", "Unpaid.")
    seconds_until(lambda: tenant.client.everywhere(503), limit=5)
    body = urlencode({"token": token})
    page = tenant.client.request(sign_in.PATH, "POST", body, Content_Type="application/x-www-form-urlencoded")
    assert page.status == 503 and "Unpaid." in page.text
    tenant.set_state("active")
    seconds_until(lambda: tenant.client.everywhere(200), limit=5)
    assert post(tenant, token).status == 303
