"""What the figures are compared with: stock Odoo and bare PostgreSQL, in the same run on the same machine."""

import time
import uuid

from psycopg2 import sql
from support.stock_odoo import StockOdoo

from bench import engine, templates


def fresh_installs(demo, rounds=2):
    """Return the seconds that stock Odoo takes to install the Blank template's modules into an empty database."""
    with StockOdoo(demo) as stock:
        return [stock.install(templates.get(demo, "blank")["modules"]) for _round in range(rounds)]


def duplicates(demo, rounds=7):
    """Return the seconds from Odoo's own duplication of the Blank template to its login page, in a stock service."""
    template = templates.get(demo, "blank")["database"]
    with StockOdoo(demo) as stock:
        source = stock.adopt(template, demo.tenant_data_dir / "filestore" / template)
        with stock.serving():
            stock.duplicate(source)  # the workers are warm, as ours are
            return [stock.duplicate(source) for _round in range(rounds)]


def database_work(demo, rounds=9):
    """Return the seconds of all SQL work of a provision, and of a bare clone of the same template, interleaved."""
    provisioner, template = engine.provisioner(demo), templates.get(demo, "blank")["database"]
    work, bare = [], []
    for _round in range(rounds):
        work.append(engine.time_database_work(provisioner, template))
        bare.append(_bare_clone(demo, template))
    return work, bare


def _bare_clone(demo, template):
    name = sql.Identifier(f"bench_{uuid.uuid4().hex[:10]}")
    with demo.superuser() as cr:
        start = time.monotonic()
        cr.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(template)))
        took = time.monotonic() - start
        cr.execute(sql.SQL("DROP DATABASE {}").format(name))
    return took
