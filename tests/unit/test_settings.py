"""The manager's settings: required, checked, and silent about secrets."""

from pathlib import Path

import pytest
from saas_engine.errors import ConfigurationError
from saas_engine.settings import Settings

SECRET = "s3cret-" * 6
COMPLETE = {
    "SAAS_MASTER_SECRET": SECRET,
    "SAAS_RUNTIMES_DIR": "/srv/runtimes",
    "SAAS_BACKUP_DIR": "/srv/backups",
    "SAAS_BASE_DOMAIN": "Example.com.",
}


def test_minimum():
    settings = Settings.from_environment(COMPLETE)
    assert settings.master_secret == SECRET.encode()
    assert (settings.runtimes_dir, settings.backup_dir) == (Path("/srv/runtimes"), Path("/srv/backups"))
    assert (settings.base_domain, settings.public_scheme, settings.public_port) == ("example.com", "https", None)
    assert (settings.pg_bin, settings.proxy_url) == (None, None)
    assert settings.url("acme") == "https://acme.example.com"


def test_everything():
    more = {"SAAS_PG_BIN": "/pg/bin", "SAAS_PROXY_URL": "http://127.0.0.1:8080/"}
    public = {"SAAS_PUBLIC_SCHEME": "http", "SAAS_PUBLIC_PORT": "8080"}
    settings = Settings.from_environment({**COMPLETE, **more, **public})
    assert (settings.pg_bin, settings.proxy_url) == (Path("/pg/bin"), "http://127.0.0.1:8080")
    assert settings.url("acme") == "http://acme.example.com:8080"
    assert settings.host("acme") == "acme.example.com"


@pytest.mark.parametrize(("scheme", "port", "address"), [("http", 80, "http://a.b"), ("https", 80, "https://a.b:80")])
def test_default_ports_are_not_written(scheme, port, address):
    environ = {**COMPLETE, "SAAS_PUBLIC_SCHEME": scheme, "SAAS_PUBLIC_PORT": str(port)}
    assert Settings.from_environment(environ).address("a.b") == address


def test_secret_from_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    environ = {**COMPLETE, "SAAS_MASTER_SECRET_FILE": str(file)}
    del environ["SAAS_MASTER_SECRET"]
    assert Settings.from_environment(environ).master_secret == SECRET.encode()


@pytest.mark.parametrize("name", list(COMPLETE))
@pytest.mark.parametrize("value", [None, "", " "])
def test_missing(name, value):
    environ = {key: text for key, text in COMPLETE.items() if key != name}
    if value is not None:
        environ[name] = value
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_environment(environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAAS_MASTER_SECRET", "only-31-bytes-long-0123456789ab"),
        ("SAAS_PUBLIC_PORT", "http"),
        ("SAAS_PUBLIC_PORT", "0"),
        ("SAAS_PUBLIC_PORT", "65536"),
        ("SAAS_PUBLIC_PORT", "٨٠"),
        ("SAAS_PUBLIC_SCHEME", "ftp"),
    ],
)
def test_wrong(name, value):
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_environment({**COMPLETE, name: value})


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
