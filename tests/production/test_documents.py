"""What the documents name exists: methods, files, links."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
SOURCES = [file for folder in ("addons", "examples", "stack") for file in (ROOT / folder).rglob("*.py")]
ATTACKS = re.compile(r"tests/security/|addons/\w+/tests/")
CODE = "\n".join(file.read_text() for folder in ("addons", "examples") for file in (ROOT / folder).rglob("*.py"))


def test_every_hook_of_the_guide_exists():
    text = (ROOT / "docs" / "extending.md").read_text()
    hooks = set(re.findall(r"`(_[a-z_]+[a-z])`", text))
    assert "_get_provision_steps" in hooks
    assert not {hook for hook in hooks if f"def {hook}(" not in CODE}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", document.read_text())
    assert not [link for link in links if not (document.parent / link).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(document):
    named = re.findall(
        r"`((?:addons|docs|examples|requirements|stack|systemd|tests)/[\w./-]+\.\w+)`", document.read_text()
    )
    assert not [path for path in named if not (ROOT / path).exists()]


def attacks():
    """Return the rows of docs/security.md: what was tried, and the (file, test) pairs that the row names."""
    rows = re.findall(r"^\| (.+) \| .+ \| (.+) \|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
    return {attack: re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", tests) for attack, tests in rows if set(attack) != {"-"}}


def test_every_attack_has_its_test():
    rows = attacks()
    rows.pop("attack")  # the tables' heads
    assert len(rows) > 25
    elsewhere = [row for row, tests in rows.items() if not any(ATTACKS.match(path) for path, _ in tests)]
    assert not elsewhere, "a row names at least one test of tests/security, or of the addon that holds the wall"
    named = {test for tests in rows.values() for test in tests}
    assert not missing_tests(named)


def test_every_fault_has_its_test():
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / "faults.md").read_text())
    assert len(named) > 12
    assert not missing_tests(named)


def missing_tests(named):
    """Return which of these (file, test) pairs are not there; the test may be empty."""
    return [
        (path, name)
        for path, name in named
        if not re.search(rf"^(def|class) {name}\b" if name else ".", (ROOT / path).read_text(), re.MULTILINE)
    ]


def test_every_quoted_message_stands_in_the_code():
    # Long messages are split over lines of code: joined here as Python joins them.
    text = re.sub(r'"\s*\n\s*f?"', "", "\n".join(file.read_text() for file in SOURCES)).replace("'", '"')
    messages = re.findall(r'^\|[^|]*?"([^"|]+)"', (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
    assert len(messages) > 15
    assert not [message for message in messages if message.replace("'", '"') not in text]
