"""Write the .pot of an addon that Odoo never installs in a database, and so can't export. Its texts are in Python only.

Run by the Python of Odoo's environment, which has babel and polib.
"""

import sys
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir

KEYWORDS = {"_": None}


def main(folder, path):
    """Write all texts that are marked in an addon, in the form in which Odoo writes them."""
    folder = Path(folder)
    template = polib.POFile()
    template.header = (
        f"Translation of Odoo Server.\nThis file contains the texts of the following modules:\n\t* {folder.name}\n"
    )
    template.metadata = {
        "Project-Id-Version": "Odoo Server 18.0",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "",
    }
    for text, places in sorted(_texts(folder).items()):
        occurrences = [(f"code:addons/{folder.name}/{place}", "0") for place in sorted(places)]
        comment = f"module: {folder.name}\nodoo-python"
        template.append(polib.POEntry(msgid=text, comment=comment, occurrences=occurrences))
    template.save(path)


def _texts(folder):
    """Return the files in which each text stands."""
    found = {}
    for file, _line, text, _comments, _context in extract_from_dir(
        str(folder), [("**.py", "python")], keywords=KEYWORDS
    ):
        found.setdefault(text, set()).add(file)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
