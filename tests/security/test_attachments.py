"""Attachments with odd names and contents, and what a tenant reads and writes through them on the disk."""

import base64

import pytest
from support.gateway_client import RpcError

SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
SECRET = b"a secret of the neighbour's"


def upload(tenant, name, content=b"content", **values):
    values = {"name": name, "datas": base64.b64encode(content).decode(), **values}
    return tenant.client.execute("ir.attachment", "create", values)


def stored(tenant, attachment):
    """Return where a content lies, below the tenant's folder."""
    [[name]] = tenant.sql("SELECT store_fname FROM ir_attachment WHERE id = %s", [attachment])
    return name


def download(tenant, attachment, how=""):
    tenant.client.login()
    try:
        return tenant.client.request(f"/web/content/{attachment}{how}")
    finally:
        tenant.client.cookie = None


def test_positive_control(acme, stack):
    attachment = upload(acme, "plain.txt")
    assert (stack.filestore("acme") / stored(acme, attachment)).read_bytes() == b"content"
    answer = download(acme, attachment, "?download=1")
    assert (answer.status, answer.body) == (200, b"content")
    assert "plain.txt" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/cron.d/mine",
        "/etc/passwd",
        "..\\..\\mine.txt",
        "a\r\nSet-Cookie: session_id=mine\r\n\r\n<html>",
        'a"; filename="b.exe',
        "\u202egpj.exe",
        "a" * 5000,
        ".",
        "%00%0d%0aX: y",
        "😀.txt",
    ],
)
def test_a_name_is_only_a_name(acme, stack, name):
    """It goes to no path and to no other header: the content lies where its checksum says."""
    attachment = upload(acme, name, name.encode())
    path = (stack.filestore("acme") / stored(acme, attachment)).resolve()
    assert path.is_relative_to(stack.filestore("acme")) and path.name == stored(acme, attachment)[3:]
    answer = download(acme, attachment, "?download=1")
    assert (answer.status, answer.body) == (200, name.encode())
    assert "X" not in answer.headers
    assert not any("mine" in cookie for cookie in answer.headers.get_all("Set-Cookie") or [])
    assert len(answer.headers.get_all("Content-Disposition")) == 1


def test_a_name_with_a_null_is_refused(acme):
    with pytest.raises(RpcError):
        upload(acme, "a\x00.txt")
    assert acme.client.everywhere(200)


class TestPlace:
    """`store_fname`, put in by SQL: Odoo takes it for a path."""

    @pytest.fixture
    def neighbours(self, beta):
        """A file of the neighbour's, below its folder."""
        return stored(beta, upload(beta, "secret.txt", SECRET))

    @pytest.mark.parametrize(
        "path",
        [
            "../beta/{name}",
            "/../beta/{name}",
            "ab/../../beta/{name}",
            "{folder}/{name}",
            "./{folder}/{name}",
            "../../../../../../../../etc/passwd",
            "/etc/passwd",
            "//etc/passwd",
            "..//beta/{name}",
            ".../beta/{name}",
            "..\\beta\\{name}",
            "%2e%2e/beta/{name}",
            "",
            "ab",
            "a" * 5000,
        ],
    )
    def test_it_reads_nothing_of_others(self, acme, beta, stack, neighbours, path):
        attachment = upload(acme, "mine.txt", b"mine")
        path = path.format(name=neighbours, folder=stack.filestore("beta"))
        acme.sql("UPDATE ir_attachment SET store_fname = %s WHERE id = %s", [path, attachment])
        contents = [download(acme, attachment).body, download(acme, attachment, "?download=1").body]
        [read] = acme.client.execute("ir.attachment", "read", [attachment], ["datas"])
        contents.append(base64.b64decode(read["datas"] or ""))
        for content in contents:
            assert SECRET not in content and b"root:" not in content
        acme.sql("DELETE FROM ir_attachment WHERE id = %s", [attachment])

    def test_it_deletes_nothing_of_others(self, acme, stack, neighbours):
        """Odoo collects the file of an attachment that is gone: at the place that it names."""
        attachment = upload(acme, "mine.txt", b"to be collected")
        for path in (f"../beta/{neighbours}", f"{stack.filestore('beta')}/{neighbours}"):
            acme.sql("UPDATE ir_attachment SET store_fname = %s WHERE id = %s", [path, attachment])
            try:
                acme.client.execute("ir.attachment", "write", [attachment], {"datas": base64.b64encode(b"x").decode()})
            except RpcError as error:
                assert "No such file" in str(error) or "FileNotFound" in str(error)
        acme.client.execute("ir.attachment", "unlink", [attachment])
        [cron] = acme.client.execute("ir.cron", "search", [("cron_name", "=", "Base: Auto-vacuum internal data")])
        acme.client.execute("ir.cron", "method_direct_trigger", [cron])
        assert (stack.filestore("beta") / neighbours).read_bytes() == SECRET

    @pytest.mark.parametrize(
        "url", ["/web/static/../../../../../etc/passwd", "/saas_gateway/../../odoo.conf", "/etc/passwd"]
    )
    def test_an_address_reads_no_file(self, acme, url):
        attachment = upload(acme, "mine.css", b"mine", type="binary", url=url, mimetype="text/css")
        for answer in (download(acme, attachment), acme.client.request(url)):
            assert "root:" not in answer.text and "admin_passwd" not in answer.text

    def test_methods_that_write_files_are_private(self, acme):
        for method, args in (
            ("_file_write", ["x", "y"]),
            ("_file_read", ["../beta/x"]),
            ("_full_path", ["/etc"]),
            ("_mark_for_gc", ["../x"]),
        ):
            with pytest.raises(RpcError, match="private|AccessError"):
                acme.client.execute("ir.attachment", method, *args)


class TestContent:
    """What a user uploads is shown to others of the tenant, at the tenant's address."""

    @pytest.fixture(scope="class")
    def user(self, service, tenants):
        """A user with no more rights than any."""
        client = tenants["acme"].client
        values = {"name": "Uploader", "login": "uploader", "password": "uploader-secret"}
        return client.execute("res.users", "create", values)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.svg", SCRIPT),
            ("a.html", b"<html><script>alert(1)</script></html>"),
            ("a.xhtml", b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>'),
            ("a.png", SCRIPT),
            ("a.txt", b"<html><script>alert(1)</script></html>"),
        ],
    )
    def test_a_users_page_is_text(self, acme, user, name, content):
        values = {"name": name, "datas": base64.b64encode(content).decode(), "mimetype": "text/html", "public": True}
        values |= {"res_model": "res.partner", "res_id": 1}
        login = {"uid": user, "password": "uploader-secret"}
        values.pop("res_id"), values.pop("res_model")
        attachment = acme.client.execute("ir.attachment", "create", values, **login)
        for path in (f"/web/content/{attachment}", f"/web/image/{attachment}"):
            answer = acme.client.request(path)
            kind = answer.headers["Content-Type"]
            is_shut = "default-src 'none'" in answer.headers.get("Content-Security-Policy", "")
            assert is_shut or not kind.startswith(("text/html", "image/svg", "application/xhtml", "text/xml")), kind
            assert answer.headers.get("X-Content-Type-Options") == "nosniff"

    def test_a_kind_with_a_line_in_it_adds_no_header(self, acme):
        attachment = upload(acme, "a.txt")
        kind = "text/plain\r\nSet-Cookie: session_id=mine"
        acme.sql("UPDATE ir_attachment SET mimetype = %s WHERE id = %s", [kind, attachment])
        answer = download(acme, attachment)
        assert not any("mine" in cookie for cookie in answer.headers.get_all("Set-Cookie") or [])
        assert acme.client.everywhere(200)
