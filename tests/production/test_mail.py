"""How an installation's mails leave: encrypted, unless somebody says otherwise in a word that is known."""

from types import SimpleNamespace

import pytest

from stack.errors import StackError
from stack.production.installation import InstalledStack


def options(tmp_path, **environ):
    password = tmp_path / "smtp"
    secrets = SimpleNamespace(path=lambda _name: password, read=lambda _name: password.read_text())
    stack = SimpleNamespace(environ=environ, secrets=secrets, base_domain="example.test")
    return InstalledStack._mail_server(stack)


@pytest.mark.parametrize(("choice", "encrypted"), [({}, True), ({"SAAS_SMTP_ENCRYPTION": "none"}, False)])
def test_encrypted_by_default(tmp_path, choice, encrypted):
    found = options(tmp_path, **choice)
    assert found["smtp_ssl"] is encrypted
    assert found["smtp_port"] == 587
    assert found["email_from"] == "no-reply@example.test"


@pytest.mark.parametrize("typo", ["tls", "ssl", "STARTTLS"])
def test_a_typo_is_no_silent_plain_text(tmp_path, typo):
    with pytest.raises(StackError, match="SAAS_SMTP_ENCRYPTION.*starttls, none"):
        options(tmp_path, SAAS_SMTP_ENCRYPTION=typo)
