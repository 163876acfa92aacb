"""What the documents name exists: methods, files, links."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
SOURCES = [file for folder in ("addons", "examples", "stack") for file in (ROOT / folder).rglob("*.py")]
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


@pytest.mark.parametrize(("document", "least"), [("security.md", 30), ("faults.md", 12)])
def test_every_attack_and_every_fault_has_its_test(document, least):
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / document).read_text())
    assert len(named) > least
    missing = [
        (path, name)
        for path, name in named
        if not re.search(rf"^(def|class) {name}\b" if name else ".", (ROOT / path).read_text(), re.MULTILINE)
    ]
    assert not missing


def test_every_quoted_message_stands_in_the_code():
    # Long messages are split over lines of code: joined here as Python joins them.
    text = re.sub(r'"\s*\n\s*f?"', "", "\n".join(file.read_text() for file in SOURCES)).replace("'", '"')
    messages = re.findall(r'^\|[^|]*?"([^"|]+)"', (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
    assert len(messages) > 15
    assert not [message for message in messages if message.replace("'", '"') not in text]
