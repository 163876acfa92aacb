"""No service starts without its secrets; the message names the variable and never shows a value."""

import pytest

from stack.errors import StackError
from stack.production import start
from stack.production.credentials import NEEDED, collect, predecessors

RANDOM = "q8Xv-31_" * 6
FAULTS = {
    "missing": None,
    "empty": "",
    "blank": "  ",
    "example": "change-me",
    "example in another spelling": "Change_Me-change_me-change_me-change_me!",
    "a word that everybody tries": "postgres",
    "short": "a1B2c3",
    "more than one line": f"{RANDOM}\n{RANDOM}",
}


def complete(service):
    return {secret.variable: RANDOM for secret in NEEDED[service]}


@pytest.mark.parametrize("service", list(NEEDED))
def test_with_all_of_them(service):
    before = {f"{file}_previous": "" for _variable, file in predecessors(service)}
    assert collect(service, complete(service)) == {secret.file: RANDOM for secret in NEEDED[service]} | before


def test_the_secret_before_lies_beside_the_secrets_file(tmp_path):
    for name, text in (("runtime", RANDOM), ("runtime_previous", f"{RANDOM}before\n")):
        (tmp_path / name).write_text(text)
    environ = {**complete("tenant"), "SAAS_RUNTIME_SECRET": "", "SAAS_RUNTIME_SECRET_FILE": str(tmp_path / "runtime")}
    assert collect("tenant", environ)["runtime_previous"] == f"{RANDOM}before"
    (tmp_path / "runtime_previous").write_text("")
    assert collect("tenant", environ)["runtime_previous"] == ""


@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize(
    ("service", "secret"), [(service, secret) for service, needed in NEEDED.items() for secret in needed]
)
def test_one_is_at_fault(service, secret, fault):
    environ = complete(service)
    del environ[secret.variable]
    if FAULTS[fault] is not None:
        environ[secret.variable] = FAULTS[fault]
    with pytest.raises(StackError) as refusal:
        collect(service, environ)
    text = str(refusal.value)
    assert f"{service} does not start" in text
    assert secret.variable in text
    assert not (FAULTS[fault] or "").strip() or FAULTS[fault] not in text
    assert not {other.variable for other in NEEDED[service] if other != secret} & set(text.replace("_FILE", "").split())


def test_all_faults_are_told_at_once():
    with pytest.raises(StackError) as refusal:
        collect("manager", {})
    assert all(secret.variable in str(refusal.value) for secret in NEEDED["manager"])


def test_from_a_file(tmp_path):
    file = tmp_path / "runtime"
    file.write_text(RANDOM + "\n")
    environ = {**complete("tenant"), "SAAS_RUNTIME_SECRET": "", "SAAS_RUNTIME_SECRET_FILE": str(file)}
    assert collect("tenant", environ)["runtime"] == RANDOM
    file.write_text("change-me-change-me-change-me-change-me")
    with pytest.raises(StackError, match="SAAS_RUNTIME_SECRET is an example"):
        collect("tenant", environ)
    file.unlink()
    with pytest.raises(StackError, match="SAAS_RUNTIME_SECRET_FILE.*cannot be read"):
        collect("tenant", environ)


def test_an_optional_one_is_checked_where_it_is_given():
    environ = complete("tenant")
    assert "smtp" not in collect("tenant", environ)
    assert collect("tenant", {**environ, "SAAS_SMTP_PASSWORD": "short9"})["smtp"] == "short9"
    with pytest.raises(StackError, match="SAAS_SMTP_PASSWORD is an example"):
        collect("tenant", {**environ, "SAAS_SMTP_PASSWORD": "changeme"})


@pytest.mark.parametrize("service", list(NEEDED))
def test_the_program_ends_with_the_message(service, capsys):
    """sysexits.h's EX_CONFIG, and not a traceback."""
    environ = {"SAAS_BASE_DOMAIN": "example.test"} if NEEDED[service] else {}
    assert start.main([service], environ) == start.EX_CONFIG
    assert (NEEDED[service][0].variable if NEEDED[service] else "SAAS_BASE_DOMAIN") in capsys.readouterr().err
