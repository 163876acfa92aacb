# Read by Odoo's shell, which provides `env` (tests/bench/scale.py). Nothing is committed: all of it is gone afterwards.
import json
import time
from xml.etree import ElementTree

from odoo import Command, fields, release
from odoo.tools import SQL, split_every

RENEWALS, ROWS, ROUNDS, BATCH = 1000, 10_000, 10, 100
result = {}


def measured(work):
    """Return the queries and seconds of some work, from an empty cache until all is written."""
    env.flush_all()  # noqa: F821
    env.invalidate_all()  # noqa: F821
    queries, start = env.cr.sql_log_count, time.monotonic()  # noqa: F821
    work()
    env.flush_all()  # noqa: F821
    return env.cr.sql_log_count - queries, time.monotonic() - start  # noqa: F821


def due_subscriptions(count):
    """Return contracts whose next period begins today, of a customer each. They begin as free ones, which is quick."""
    partners = env["res.partner"].create(  # noqa: F821
        [{"name": f"Bench {number}", "email": f"bench{number}@example.com"} for number in range(count)]
    )
    plan = env["saas.plan"].create({"name": "Bench", "code": "bench_scale", "price_month": 30})  # noqa: F821
    begin = fields.Date.subtract(fields.Date.today(), months=1)
    values = {"plan_id": plan.id, "billing_engine": "free", "trial_days": 0, "start_date": begin, "auto_renew": False}
    found = env["saas.subscription"].create([{**values, "partner_id": each.id} for each in partners])  # noqa: F821
    found.action_start()
    found._write_protected({"billing_engine": "manual", "auto_renew": True})
    return found


def same_invoices(moves):
    """Return what makes the same invoices for somebody who has never heard of subscriptions."""
    return [
        {
            "move_type": "out_invoice",
            "partner_id": move.partner_id.id,
            "invoice_date": move.invoice_date,
            "currency_id": move.currency_id.id,
            "invoice_line_ids": [
                Command.create(
                    {"product_id": line.product_id.id, "name": line.name, "quantity": 1, "price_unit": line.price_unit}
                )
                for line in move.invoice_line_ids
            ],
        }
        for move in moves
    ]


def renew(ids):
    for batch in split_every(BATCH, ids, list):
        env["saas.subscription"]._job_nightly("renew", batch)  # noqa: F821
        env.flush_all()  # noqa: F821
        env.invalidate_all()  # noqa: F821


def post(values):
    for batch in split_every(BATCH, values, list):
        env["account.move"].create(batch)._post(soft=False)  # noqa: F821
        env.flush_all()  # noqa: F821
        env.invalidate_all()  # noqa: F821


def copy_rows(record, count, **own):
    """Make copies of a record by SQL: each column as it is, but for those that must differ.

    :param own: column -> SQL, in which `n` is the number of the copy
    """
    env.flush_all()  # noqa: F821
    env.cr.execute(  # noqa: F821
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name != 'id'",
        [record._table],
    )
    names = [name for [name] in env.cr.fetchall()]  # noqa: F821
    columns = SQL(", ").join(SQL.identifier(name) for name in names)
    values = SQL(", ").join(SQL(own[name]) if name in own else SQL.identifier("t", name) for name in names)  # pylint: disable=sql-injection
    env.cr.execute(  # noqa: F821
        SQL(
            "INSERT INTO %s (%s) SELECT %s FROM %s t, generate_series(1, %s) n WHERE t.id = %s",
            *(SQL.identifier(record._table), columns, values, SQL.identifier(record._table), count, record.id),
        )
    )


def view_specification(Model):
    """Return what the web client asks for: the fields of the list as it is installed."""
    view = Model.get_views([(False, "list")])["views"]["list"]["arch"]
    names = {field.get("name") for field in ElementTree.fromstring(view).iter("field")}  # noqa: S314 - Odoo's own
    to_one = ("many2one", "reference")
    return {name: {"fields": {"display_name": {}}} if Model._fields[name].type in to_one else {} for name in names}


def groups(Model, field):
    if release.version_info[0] >= 19:
        return Model.web_read_group([], groupby=[field], aggregates=["__count"])
    return Model.web_read_group([], fields=["id:count"], groupby=[field])


def open_list(Model, by):
    """Do what the server does when a list is opened: its page of 80, the number of all, and grouped by a field."""
    page = Model.web_search_read([], view_specification(Model), limit=80, count_limit=ROWS + 1)
    json.dumps([page, groups(Model, by)], default=str)
    return page


ACCOUNTING = "ANALYZE account_move, account_move_line, account_payment, account_partial_reconcile"

subscriptions = due_subscriptions(RENEWALS)
env.cr.execute(ACCOUNTING)  # noqa: F821 - a transaction of this size is nothing that autovacuum can see
queries, seconds = measured(lambda: renew(subscriptions.ids))
moves = subscriptions.move_ids
assert len(moves) == RENEWALS, f"{len(moves)} invoices for {RENEWALS} subscriptions"
values = same_invoices(moves)
env.cr.execute(ACCOUNTING)  # noqa: F821
own_queries, own_seconds = measured(lambda: post(values))
result["renewal"] = {
    **{"queries": queries / RENEWALS, "own_queries": own_queries / RENEWALS},
    **{"seconds": seconds, "own_seconds": own_seconds},
}

partner = subscriptions[0].partner_id
instance = env["saas.instance"].create({"name": "Bench", "subdomain": "bench-scale", "partner_id": partner.id})  # noqa: F821
copy_rows(instance, ROWS, name="'Bench ' || n", subdomain="'bench-scale-' || n", uuid="gen_random_uuid()::text")
# Those with invoices come first in the list, as in life: the copies get their place behind them.
copy_rows(subscriptions[0], ROWS - RENEWALS, name="'BENCH-' || n")
for table in ("saas_instance", "saas_subscription", "account_move", "saas_subscription_period"):
    env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))  # noqa: F821
administrator = env.ref("base.user_admin")  # noqa: F821
for name, by in (("saas.instance", "state"), ("saas.subscription", "plan_id")):
    Model = env[name].with_user(administrator)  # noqa: F821
    assert open_list(Model, by)["length"] >= ROWS
    result[name] = [measured(lambda Model=Model, by=by: open_list(Model, by)) for _round in range(ROUNDS)]
env.cr.rollback()  # noqa: F821
print("SCALE", json.dumps(result))
