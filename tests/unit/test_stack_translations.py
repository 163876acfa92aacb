"""Merging a translation with new texts."""

import polib

from stack import merge_translations

TEMPLATE = """
msgid ""
msgstr ""
"Project-Id-Version: Odoo Server 18.0-20250702\\n"
"POT-Creation-Date: 2026-01-01 00:00+0000\\n"

#. module: saas_x
#: code:addons/saas_x/new.py:0
msgid "Kept"
msgstr ""

msgid "New"
msgstr ""
"""
TRANSLATION = """
msgid ""
msgstr ""
"Language: de\\n"
"PO-Revision-Date: 2025-01-01 00:00+0000\\n"

#: code:addons/saas_x/old.py:0
msgid "Gone"
msgstr "Weg"

# said by a translator
msgid "Kept"
msgstr "Behalten"

#~ msgid "Long gone"
#~ msgstr "Lange weg"
"""


def merge(tmp_path, capsys):
    folder = tmp_path / "saas_x" / "i18n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saas_x.pot").write_text(TEMPLATE)
    if not (folder / "de.po").exists():
        (folder / "de.po").write_text(TRANSLATION)
    merge_translations.main(str(folder / "saas_x.pot"))
    return folder, capsys.readouterr().out.splitlines()


def test_translations_are_kept_and_old_ones_dropped(tmp_path, capsys):
    folder, _said = merge(tmp_path, capsys)
    translation = polib.pofile(str(folder / "de.po"))
    assert {entry.msgid: entry.msgstr for entry in translation} == {"Kept": "Behalten", "New": ""}
    assert not translation.obsolete_entries()
    kept = translation.find("Kept")
    assert (kept.tcomment, kept.occurrences) == ("said by a translator", [("code:addons/saas_x/new.py", "0")])
    assert translation.metadata == {"Language": "de", "PO-Revision-Date": "2025-01-01 00:00+0000"}


def test_what_is_missing_is_said(tmp_path, capsys):
    _folder, said = merge(tmp_path, capsys)
    assert said == ["2 texts", "saas_x/i18n/de.po: 'New'"]


def test_a_second_export_changes_nothing(tmp_path, capsys):
    folder, _said = merge(tmp_path, capsys)
    before = [(folder / name).read_text() for name in ("saas_x.pot", "de.po")]
    assert "2026" not in before[0] and "20250702" not in before[0]
    merge(tmp_path, capsys)
    assert [(folder / name).read_text() for name in ("saas_x.pot", "de.po")] == before
