"""Stands in for odoo-bin in tests of the template builder: the same arguments, the same role, SQL in Odoo's place.

Modules named `crash` and `hang` do what they say; others that the fake template lacks are ignored, as
Odoo ignores them.
"""

import os
import sys
import time
from pathlib import Path

import psycopg2
from saas_engine import naming

CHOICES = ("LANG", "COUNTRY", "CURRENCY", "TZ", "PAPER")


def main(arguments):
    """Install, or run the script on standard input."""
    db = arguments[arguments.index("-d") + 1]
    if arguments[0] == "shell":
        script = sys.stdin.read()
        choices = " ".join(os.environ.get(f"SAAS_TEMPLATE_{name}", "-") for name in CHOICES)
        _print(f"choices {choices}, script of {len(script)} bytes")
        if "assets" in script:
            store_asset(db)
        return 0
    _print(f"arguments {' '.join(arguments)}")
    modules = arguments[arguments.index("-i") + 1].split(",")
    if "crash" in modules:
        _print("Traceback: module crash failed to install")
        return 255
    if "hang" in modules:
        time.sleep(300)
    if modules != ["base"]:
        _run(db, Path(__file__).with_name("fake_template.sql").read_text())
    return 0


def store_asset(db):
    """Do what Odoo does when it makes a bundle: a file and a row."""
    folder = Path(os.environ["FAKE_DATA_DIR"]) / "filestore" / db / "as"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "asset").write_text("x")
    _run(db, "INSERT INTO ir_attachment (url, store_fname) VALUES ('/web/assets/1/a.js', 'as/asset')")


def _run(db, sql):
    key = db.removeprefix("work_") if db.startswith("work_") else naming.template_key(db)
    password = naming.role_password(Path(os.environ["SAAS_RUNTIME_SECRET_FILE"]).read_bytes(), key)
    connection = psycopg2.connect(
        host="127.0.0.1", port=os.environ["FAKE_PG_PORT"], user=naming.role_name(key), password=password, dbname=db
    )
    connection.autocommit = True
    with connection.cursor() as cr:
        cr.execute(sql)
    connection.close()


def _print(text):
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
