# Read by Odoo's shell, which provides `env`; VALUES comes in front of it (stack/full_demo.py).
# Lives the contracts of the demo's customers day by day, by the buttons that people press and the crons of the nights:
# invoices, payments, reminders and the figures of the reports are those of a business with a past.
from datetime import datetime, time, timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.tools import SQL

from odoo.addons.saas_manager.models.saas_subscription_change import Wanted

DATED = ("saas_event", "mail_message")  # their dates are the database's, which does not travel


class Life:
    """One contract: what is planned for it, and the record once it has begun."""

    def __init__(self, planned):
        self.planned = planned
        self.instance = env["saas.instance"].browse(planned["instance"])  # noqa: F821
        self.contract = self.instance.subscription_id
        self.is_new = not self.contract

    def live(self, days_ago):
        """Do what is planned for a day."""
        if days_ago == self.planned["days"]:
            self.begin()
        for day, act, arguments in self.planned["acts"]:
            if day == days_ago:
                getattr(self, act)(**arguments)

    def begin(self):
        planned = self.planned
        self.contract = env["saas.subscription"].create(  # noqa: F821
            {
                "partner_id": self.instance.partner_id.id,
                "company_id": self.instance.company_id.id,
                "plan_id": plan(planned["plan"]).id,
                "interval": planned["interval"],
                "billing_engine": planned["billing"],
                "trial_days": planned["trial_days"],
                "auto_renew": planned["renews"],
                "instance_ids": [Command.link(self.instance.id)],
            }
        )
        if planned["state"] != "draft":
            self.contract.action_start()

    def pay(self, days_ago):
        """Pay what is due, as an accountant registers it."""
        stops = self.planned["stops_paying"]
        if not self.contract or stops is not None and days_ago <= stops:
            return
        today = self.contract._today()
        for move in self.contract._get_unpaid_moves().filtered(lambda move: move._saas_get_due_date() <= today):
            register = env["account.payment.register"].with_context(  # noqa: F821
                active_model="account.move", active_ids=move.ids
            )
            register.create({"payment_date": today})._create_payments()

    # -- what people do

    def change(self, plan=None, users=0, storage=0):
        contract = self.contract
        wanted = env["saas.plan"].search([("code", "=", plan)]) if plan else contract.plan_id  # noqa: F821
        contract._change(Wanted(wanted, contract.interval, users, storage))

    def cancel_now(self, reason):
        self.contract.action_cancel_now(reason)

    def cancel_at_end(self, reason):
        self.contract.action_cancel_at_end(reason)


def plan(code):
    return env["saas.plan"].search([("code", "=", code)])  # noqa: F821


def newest():
    """Return the newest row of each table whose dates are set afterwards."""
    env.flush_all()  # noqa: F821
    found = {}
    for table in DATED:
        env.cr.execute(SQL("SELECT COALESCE(MAX(id), 0) FROM %s", SQL.identifier(table)))  # noqa: F821
        found[table] = env.cr.fetchone()[0]  # noqa: F821
    return found


def date_rows(before, moment):
    env.flush_all()  # noqa: F821
    for table, last in before.items():
        env.cr.execute(  # noqa: F821
            SQL("UPDATE %s SET create_date = %s WHERE id > %s", SQL.identifier(table), moment, last)
        )


def live_all(lives, moment, days_ago):
    """Let a day pass: its buttons, its night, its payments."""
    before = newest()
    for life in lives:
        life.live(days_ago)
    contracts = env["saas.subscription"].union(*(life.contract for life in lives))  # noqa: F821
    for task, domain in (("renew", contracts._get_renewal_domain()), ("dun", contracts._get_dunning_domain())):
        contracts._job_nightly(task, contracts.filtered_domain(domain).ids)
        for life in lives:
            life.pay(days_ago)
    date_rows(before, moment)


def check(lives):
    """Refuse a life that has not led where it should."""
    for life in lives:
        contract, wanted = life.contract, life.planned["state"]
        if contract.problem or contract.state != wanted:
            raise SystemExit(f"{contract.partner_id.name}: {contract.state}, not {wanted}. {contract.problem or ''}")


now = datetime.combine(datetime.now().date(), time(12))
lives = [life for life in map(Life, VALUES) if life.is_new]  # noqa: F821
first = max((life.planned["days"] for life in lives), default=-1)
with freeze_time(now) as clock:
    for days_ago in range(first, -1, -1):
        moment = now - timedelta(days=days_ago)
        clock.move_to(moment)
        env.invalidate_all()  # noqa: F821
        live_all(lives, moment, days_ago)
    check(lives)
    # These were read long ago.
    past = [("model", "=", "saas.subscription"), ("state", "=", "outgoing")]
    env["mail.mail"].search(past).unlink()  # noqa: F821
for life in lives:
    env.cr.execute(  # noqa: F821
        SQL(
            "UPDATE saas_subscription SET create_date = %s WHERE id = %s",
            now - timedelta(days=life.planned["days"]),
            life.contract.id,
        )
    )
env.cr.commit()  # noqa: F821
