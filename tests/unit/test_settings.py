"""The manager's settings: required, checked, and silent about secrets."""

from pathlib import Path

import pytest
from saas_engine.errors import ConfigurationError
from saas_engine.settings import Settings, port_number

SECRET = "s3cret-" * 6
COMPLETE = {
    "SAAS_MASTER_SECRET": SECRET,
    "SAAS_RUNTIMES_DIR": "/srv/runtimes",
    "SAAS_BACKUP_DIR": "/srv/backups",
}


def test_minimum():
    settings = Settings.from_environment(COMPLETE)
    assert settings.master_secret == SECRET.encode()
    assert (settings.runtimes_dir, settings.backup_dir) == (Path("/srv/runtimes"), Path("/srv/backups"))
    assert (settings.pg_bin, settings.proxy_url) == (None, None)


def test_everything():
    more = {"SAAS_PG_BIN": "/pg/bin", "SAAS_PROXY_URL": "http://127.0.0.1:8080/"}
    settings = Settings.from_environment({**COMPLETE, **more})
    assert (settings.pg_bin, settings.proxy_url) == (Path("/pg/bin"), "http://127.0.0.1:8080")


def test_secret_from_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    environ = {**COMPLETE, "SAAS_MASTER_SECRET_FILE": str(file)}
    del environ["SAAS_MASTER_SECRET"]
    assert Settings.from_environment(environ).master_secret == SECRET.encode()


def test_the_secret_before_is_in_a_file_beside(tmp_path):
    file, before = tmp_path / "secret", tmp_path / "secret_previous"
    file.write_text(SECRET)
    environ = {**COMPLETE, "SAAS_MASTER_SECRET": "", "SAAS_MASTER_SECRET_FILE": str(file)}
    assert Settings.from_environment(environ).previous_secret is None
    before.write_text("")
    assert Settings.from_environment(environ).previous_secret is None
    before.write_text(f"{SECRET}before\n")
    settings = Settings.from_environment(environ)
    assert (settings.master_secret, settings.previous_secret) == (SECRET.encode(), f"{SECRET}before".encode())
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("name", list(COMPLETE))
@pytest.mark.parametrize("value", [None, "", " "])
def test_missing(name, value):
    environ = {key: text for key, text in COMPLETE.items() if key != name}
    if value is not None:
        environ[name] = value
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_environment(environ)


def test_short_master_secret():
    with pytest.raises(ConfigurationError, match="SAAS_MASTER_SECRET"):
        Settings.from_environment({**COMPLETE, "SAAS_MASTER_SECRET": "only-31-bytes-long-0123456789ab"})


@pytest.mark.parametrize("value", ["http", "0", "65536", "٨٠"])
def test_wrong_port(value):
    with pytest.raises(ConfigurationError, match="SAAS_PG_PORT"):
        port_number({"SAAS_PG_PORT": value}, "SAAS_PG_PORT")


@pytest.mark.parametrize("content", [None, "", "\n", b"\xff\xfe"])
def test_secret_file_missing_or_empty(tmp_path, content):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    environ = {**COMPLETE, "SAAS_MASTER_SECRET": "", "SAAS_MASTER_SECRET_FILE": str(file)}
    with pytest.raises(ConfigurationError, match="SAAS_MASTER_SECRET"):
        Settings.from_environment(environ)


@pytest.mark.parametrize(
    "value",
    [
        "change-me",
        "CHANGE_ME_please-0123456789-0123456789",
        "Password123",
        "odoo",
        "your-secret" * 4,
        "12345678" * 5,
        "<placeholder>" * 3,
    ],
)
def test_example_values_are_refused(value):
    with pytest.raises(ConfigurationError, match="SAAS_MASTER_SECRET is an example value") as refusal:
        Settings.from_environment({**COMPLETE, "SAAS_MASTER_SECRET": value})
    assert value not in str(refusal.value)


@pytest.mark.parametrize("value", [SECRET, "Xr5-admin-9f0JqLw2" * 2, "4f1d" * 10])
def test_values_that_only_contain_a_common_word_are_taken(value):
    assert Settings.from_environment({**COMPLETE, "SAAS_MASTER_SECRET": value}).master_secret == value.encode()


def test_no_secret_in_texts():
    assert SECRET not in repr(Settings.from_environment(COMPLETE))
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environment({**COMPLETE, "SAAS_MASTER_SECRET": "s3cret"})
    assert "s3cret" not in str(refusal.value)


def test_where_tls_ends():
    for given, expected in (("traefik:443", ("traefik", 443)), ("[::1]:8443", ("::1", 8443)), ("", None)):
        assert Settings.from_environment({**COMPLETE, "SAAS_PROXY_TLS": given}).tls_address == expected
    for given in ("traefik", ":443", "traefik:0", "traefik:70000", "traefik:https"):
        with pytest.raises(ConfigurationError, match="SAAS_PROXY_TLS"):
            Settings.from_environment({**COMPLETE, "SAAS_PROXY_TLS": given})
