"""Names: what people type, what reaches SQL, and the vectors that the gateway is held to, too."""

import json
from pathlib import Path

import pytest
from saas_engine import naming
from saas_engine.errors import ConfigurationError, InvalidNameError

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text())
CHARACTERS = "A subdomain consists of the letters a to z, digits and dashes, and neither begins nor ends with a dash."
LENGTH = "A subdomain has 3 to 63 characters."


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("acme", "acme"),
        ("ACME", "acme"),
        ("  Acme-2 ", "acme-2"),
        ("acme\n", "acme"),
        ("a1b", "a1b"),
        ("4you", "4you"),
        ("a" * 63, "a" * 63),
    ],
)
def test_subdomain(typed, expected):
    assert naming.subdomain(typed) == expected


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Choose a subdomain."),
        (None, "Choose a subdomain."),
        ("   ", "Choose a subdomain."),
        ("ab", LENGTH),
        ("a" * 64, LENGTH),
        ("-acme", CHARACTERS),
        ("acme-", CHARACTERS),
        ("acme.shop", CHARACTERS),
        ("acme_shop", CHARACTERS),
        ("müller", CHARACTERS),
        ("аcme", CHARACTERS),  # noqa: RUF001 - a Cyrillic letter
        ("ﬀ-shop", CHARACTERS),  # a ligature
        ("ac\nme", CHARACTERS),
        ("ac\x00me", CHARACTERS),
        ("xn--mller-kva", "International names (xn--) are not available as a subdomain."),
        ("ab--cd", "International names (xn--) are not available as a subdomain."),
        ("12345", "A subdomain needs at least one letter."),
        ("٣٣٣", CHARACTERS),
        *((word, f'"{word}" is reserved. Choose another subdomain.') for word in ("www", "admin", "api", "mail")),
        *((word, f'"{word}" is reserved. Choose another subdomain.') for word in ("manager", "postgres", "template1")),
        ("WWW", '"www" is reserved. Choose another subdomain.'),
        ('a"; DROP DATABASE x; --', CHARACTERS),
        ("acme' OR '1'='1", CHARACTERS),
        ("../etc", CHARACTERS),
        ("acme/../x", CHARACTERS),
        ("$(reboot)", CHARACTERS),
        ("acme;reboot", CHARACTERS),
        ("acme`id`", CHARACTERS),
        ("acme|cat", CHARACTERS),
        ("acme%s", CHARACTERS),
        ("acme*", CHARACTERS),
        ("acme@evil", CHARACTERS),
        ("acme:8080", CHARACTERS),
        ("acme shop", CHARACTERS),
    ],
)
def test_subdomain_refused(typed, message):
    with pytest.raises(InvalidNameError) as refusal:
        naming.subdomain(typed)
    assert str(refusal.value) == message


def test_module_names():
    assert naming.module_names(" crm, sale_management ,,crm") == ["crm", "sale_management"]
    assert naming.module_names(None) == naming.module_names(" , ") == []
    for text in ("Point of Sale", "crm; account", "CRM", "../etc"):
        with pytest.raises(InvalidNameError, match="Not a technical name of an app"):
            naming.module_names(text)


def test_tenant_key():
    assert naming.tenant_key("00112233-4455-6677-8899-AABBCCDDEEFF") == VECTORS["key"]
    with pytest.raises(InvalidNameError, match="Not a UUID"):
        naming.tenant_key("acme")


@pytest.mark.parametrize("key", ["", "x" * 32, "0" * 31, "0" * 33, "A" * 32, "0" * 32 + "\n", None, 7])
def test_keys_are_checked(key):
    for function in (naming.role_name, naming.draft_database, naming.database_mark):
        with pytest.raises(InvalidNameError):
            function(key)


def test_template_names():
    assert naming.template_database("blank", 3) == "tpl_blank_v3"
    assert (
        naming.template_key("tpl_blank_v3")
        == naming.template_key("tpl_blank_v3")
        != naming.template_key("tpl_blank_v4")
    )
    for name in ("acme", "tpl_blank", "tpl_Blank_v1", "tpl_blank_v1; DROP", None):
        with pytest.raises(InvalidNameError):
            naming.template_key(name)
    with pytest.raises(InvalidNameError):
        naming.template_database('x"; DROP', 1)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "/etc", "A", "a", "-a", "a\0b", "a" * 64, "ü12"])
def test_database_names_are_checked(name):
    with pytest.raises(InvalidNameError):
        naming.database_name(name)


class TestVectors:
    def test_manager(self):
        master = VECTORS["master"].encode()
        secret = naming.runtime_secret(master, VECTORS["runtime"])
        assert secret == VECTORS["runtime_secret"]
        assert naming.role_name(VECTORS["key"]) == VECTORS["role"]
        assert naming.role_password(secret.encode(), VECTORS["key"]) == VECTORS["role_password"]

    def test_mark(self):
        secret = VECTORS["runtime_secret"].encode()
        assert naming.secret_mark(secret) == VECTORS["secret_mark"]
        assert len(VECTORS["secret_mark"]) < 64, "PostgreSQL cuts longer names of connections"
        assert naming.secret_mark(VECTORS["master"].encode()) != VECTORS["secret_mark"]

    def test_purposes_and_names_differ(self):
        master, key = VECTORS["master"].encode(), VECTORS["key"]
        derived = {
            naming.runtime_secret(master, "shared"),
            naming.runtime_secret(master, "other"),
            naming.role_password(master, key),
            naming.link_key(master, key),
            naming.link_key(master, "0" * 32),
        }
        assert len(derived) == 5

    def test_short_secret(self):
        with pytest.raises(ConfigurationError, match="at least 32 bytes"):
            naming.link_key(b"short", VECTORS["key"])
