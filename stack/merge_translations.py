"""Bring the .po files beside a .pot up to it. Run by the Python of Odoo's environment, which has polib.

Translations of texts that are still there are kept, those of others are dropped, new texts come in without one.
"""

import re
import sys
from pathlib import Path

import polib

# They change with every export.
CLOCKS = ("POT-Creation-Date", "PO-Revision-Date")


def main(path):
    """Merge; write out how many texts there are, then one line for each translation that is missing."""
    template = polib.pofile(path)
    for name in CLOCKS:
        template.metadata.pop(name, None)
    # The series is enough: the day of Odoo's build says nothing about our texts.
    template.metadata["Project-Id-Version"] = re.sub(r"-\d+$", "", template.metadata["Project-Id-Version"])
    template.save()
    said = [f"{len(template)} texts"]
    for translation in sorted(Path(path).parent.glob("*.po")):
        name = translation.relative_to(translation.parents[2])
        said += [f"{name}: {entry.msgid!r}" for entry in _merge(template, translation)]
    sys.stdout.write("\n".join([*said, ""]))


def _merge(template, path):
    """Write one .po; return its entries without a translation."""
    old = polib.pofile(str(path))
    known = {entry.msgid: entry for entry in old if not entry.obsolete}
    merged = polib.POFile()
    merged.header, merged.metadata = template.header, old.metadata
    for entry in template:
        before = known.get(entry.msgid, polib.POEntry())
        merged.append(
            polib.POEntry(
                msgid=entry.msgid,
                msgstr=before.msgstr,
                tcomment=before.tcomment,
                comment=entry.comment,
                occurrences=entry.occurrences,
            )
        )
    merged.save(str(path))
    return merged.untranslated_entries()


if __name__ == "__main__":
    main(sys.argv[1])
