"""Settings: from text to value, and the documentation that lists them."""

import ast
from pathlib import Path

import pytest
from saas_engine.definitions import Definition
from saas_engine.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
DOMAIN = Definition("saas.base_domain", "domain", "localhost", "Base Domain")
NUMBER = Definition("saas.pool_max", "integer", 4, "Pool", maximum=10)
SWITCH = Definition("saas.template_rebuild", "boolean", True, "Rebuild")
SCHEME = Definition("saas.public_scheme", "choice", "https", "Scheme", choices=("http", "https"))
DAYS = Definition("saas.dunning_reminder_days", "days", "1, 5, 10", "Days")
TEXT = Definition("saas.text", "text", "", "Text")


def test_names():
    assert (DOMAIN.variable, DOMAIN.field) == ("SAAS_BASE_DOMAIN", "saas_base_domain")


@pytest.mark.parametrize(
    ("definition", "text", "value"),
    [
        (DOMAIN, " Example.com. ", "example.com"),
        (DOMAIN, "localhost", "localhost"),
        (NUMBER, "0", 0),
        (NUMBER, " 10 ", 10),
        (SWITCH, "1", True),
        (SWITCH, "True", True),
        (SWITCH, "off", False),
        (SCHEME, "http", "http"),
        (TEXT, " as it is ", "as it is"),
        (DAYS, "10,1 , 5,5", "1, 5, 10"),
        (DAYS, "0", "0"),
    ],
)
def test_values(definition, text, value):
    assert definition.parse(text) == value
    assert definition.parse(definition.format(value)) == value


@pytest.mark.parametrize(
    ("definition", "text"),
    [
        (DOMAIN, "http://example.com"),
        (DOMAIN, "example..com"),
        (DOMAIN, "-a.com"),
        (DOMAIN, "a b"),
        (DOMAIN, "a" * 64 + ".com"),
        (DAYS, "1, -5"),
        (DAYS, "1,,5"),
        (DAYS, "one"),
        (NUMBER, "-1"),
        (NUMBER, "11"),
        (NUMBER, "4.5"),
        (NUMBER, "٤"),
        (NUMBER, "many"),
        (SWITCH, "maybe"),
        (SCHEME, "ftp"),
    ],
)
def test_refusals_name_the_source(definition, text):
    with pytest.raises(ConfigurationError, match=definition.name):
        definition.parse(text)
    with pytest.raises(ConfigurationError, match=definition.variable):
        definition.parse(text, definition.variable)


def _defined():
    """Return name -> default of every Definition in the addon's source."""
    source = (ROOT / "addons/saas_manager/models/saas_settings.py").read_text()
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [node.args for node in calls if getattr(node.func, "id", "") == "Definition"]
    return {args[0].value: args[2].value for args in named}


def test_documented():
    rows = [line for line in (ROOT / "docs/configuration.md").read_text().splitlines() if line.startswith("| `saas.")]
    cells = [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]
    documented = {name: (variable, default) for name, variable, default, _ in cells}
    assert documented == {name: (name.replace(".", "_").upper(), _written(value)) for name, value in _defined().items()}


def _written(default):
    return str(int(default)) if isinstance(default, bool) else str(default)


def test_numbers_of_days():
    assert Definition.numbers(DAYS.parse("10, 1")) == (1, 10)
