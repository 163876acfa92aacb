from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..saas_engine import contract, periods, proration


class Wanted(NamedTuple):
    """What a contract shall become."""

    plan: models.Model
    interval: str
    users: float
    storage: float
    at_present_prices: bool = False

    @property
    def quantities(self):
        """How many of each add-on, by the kind of its line."""
        return {"users": self.users, "storage": self.storage}


class SaasSubscriptionChange(models.Model):
    """Another plan, other add-ons, another interval.

    What costs more happens at once and is paid for the days that are left. What costs less, and another interval,
    happens when the periods that were billed are over: nobody has to be given anything back for it. So do prices that
    the plan has got since: who has subscribed keeps theirs until somebody says otherwise.
    """

    _inherit = "saas.subscription"

    pending_plan_id = fields.Many2one("saas.plan", "Next Plan", readonly=True, copy=False, ondelete="restrict")
    pending_interval = fields.Selection(
        [("month", "Monthly"), ("year", "Yearly")], "Paid Then", readonly=True, copy=False
    )
    pending_users = fields.Float("Extra Users Then", readonly=True, copy=False)
    pending_storage = fields.Float("Extra Storage (GB) Then", readonly=True, copy=False)
    pending_present_prices = fields.Boolean("At the Plan's Prices Then", readonly=True, copy=False)
    has_former_prices = fields.Boolean(compute="_compute_has_former_prices")

    @api.depends(
        *("line_ids.kind", "line_ids.price_unit", "interval", "plan_id.price_month", "plan_id.price_year"),
        *("plan_id.price_user_month", "plan_id.price_user_year"),
        *("plan_id.price_storage_month", "plan_id.price_storage_year"),
    )
    def _compute_has_former_prices(self):
        for subscription in self:
            lines = subscription.line_ids.filtered(lambda line: line.kind != "other")
            subscription.has_former_prices = any(
                line.price_unit != subscription.plan_id._get_price(line.kind, subscription.interval) for line in lines
            )

    def _get_quantity(self, kind):
        return sum(self.line_ids.filtered(lambda line: line.kind == kind).mapped("quantity"))

    def action_open_price_wizard(self):
        """Show what the plan's present prices would mean, and ask whether to go over to them."""
        action = self.action_open_change_wizard()
        return {**action, "context": {**action["context"], "default_at_present_prices": True}}

    # === WHAT IT WILL COST === #

    def _get_wanted_lines(self, wanted):
        """Return the lines as they will be: unsaved twins of those that stay, and new ones.

        :param Wanted wanted: what the contract shall become
        """
        Line, twins = self.env["saas.subscription.line"], []
        kept = self.line_ids.filtered(lambda line: wanted.quantities.get(line.kind, 1))
        missing = [kind for kind, quantity in wanted.quantities.items() if quantity and not self._get_quantity(kind)]
        for line in [*kept, *(Line.new({"kind": kind, "subscription_id": self.id}) for kind in missing)]:
            twin = Line.new(
                {**self._prepare_wanted_line(line, wanted), "subscription_id": self.id}, origin=line._origin
            )
            twins.append(twin)
        return twins

    def _prepare_wanted_line(self, line, wanted):
        values = {"kind": line.kind, "quantity": wanted.quantities.get(line.kind, line.quantity)}
        if line.kind == "other":
            return values
        labels = dict(line._fields["kind"]._description_selection(self.env))
        name = wanted.plan.name if line.kind == "plan" else line.name or labels[line.kind]
        return {**values, "name": name, "price_unit": self._get_wanted_price(line, wanted)}

    def _get_wanted_price(self, line, wanted):
        # Who keeps plan and interval keeps the price that was agreed.
        is_kept = (wanted.plan, wanted.interval) == (self.plan_id, self.interval) and not wanted.at_present_prices
        if line._origin and is_kept:
            return line.price_unit
        return wanted.plan._get_price(line.kind, wanted.interval)

    def _get_wanted_amount(self, wanted):
        """Return what a period will cost, without taxes."""
        return sum(line._get_amount(line._has_discount()) for line in self._get_wanted_lines(wanted))

    def _prepare_change_lines(self, wanted):
        """Return the invoice lines of a change that happens today: new prices for the days left, less what was paid."""
        today, lines, product = self._today(), [], wanted.plan._get_product()
        for row in self.sudo().period_ids.filtered(lambda row: not row.is_void and row.end > today):
            for line in self._get_wanted_lines(wanted):
                full = line._get_amount(line._has_discount())
                period = row._get_period()
                amount = float(proration.share(full, self._get_whole_period(row), today, self.currency_id.rounding))
                used = periods.Period(max(today, period.start), period.end)
                lines.append(
                    {
                        **self._prepare_service_dates(used),
                        "product_id": (line.product_id or product).id,
                        "name": self._get_line_label(line.name, used),
                        "quantity": 1,
                        "price_unit": amount,
                        "saas_period_id": row.id,
                    }
                )
            lines += row._prepare_credit_lines(today, sign=-1)
        return lines

    def _get_whole_period(self, row):
        """Return the period that a price is for, which may be longer than what is left of a row that was cut."""
        return periods.period(row.start, self.interval, self.anchor)

    def _preview_change(self, wanted):
        """Return what a change means, before anybody confirms it.

        :param Wanted wanted: what the contract shall become
        :return: a dict: `is_now`, `day`, `credit`, `charge` and `amount` without taxes (0 where nothing is due now),
            `recurring` per period from then on, and `problems`, a list of what stands in its way
        """
        self.ensure_one()
        is_now = self._is_changed_at_once(wanted)
        lines = self._prepare_change_lines(wanted) if is_now and self.billing_engine == "manual" else []
        credit = -sum(line["price_unit"] for line in lines if line["price_unit"] < 0)
        charge = sum(line["price_unit"] for line in lines if line["price_unit"] > 0)
        return {
            "is_now": is_now,
            "day": self._today() if is_now else self.next_period_start,
            "credit": self.currency_id.round(credit),
            "charge": self.currency_id.round(charge),
            "amount": self.currency_id.round(charge - credit),
            "recurring": self._get_wanted_amount(wanted),
            "problems": self._get_change_problems(wanted),
        }

    def _is_changed_at_once(self, wanted):
        if self.state == "trial" or self.billing_engine != "manual":
            return True
        if wanted.at_present_prices and wanted.plan == self.plan_id:
            return False  # what was paid for was paid at the price that was agreed
        return wanted.interval == self.interval and self._get_wanted_amount(wanted) >= self.recurring_amount

    # === WHAT STANDS IN ITS WAY === #

    def _get_change_problems(self, wanted):
        """Return, in words, why a change can't be made."""
        if self.state not in contract.BILLED_STATES:
            return [self.env._("Only a subscription that runs can be changed.")]
        if wanted.plan.currency_id != self.currency_id:
            return [self.env._("The plan has another currency. Start a new subscription.")]
        if self.cancel_on:
            return [self.env._("It is cancelled. Undo the cancellation first.")]
        if wanted.at_present_prices and wanted.plan == self.plan_id and not self.has_former_prices:
            return [self.env._("It has the plan's present prices already.")]
        return self._get_shrink_problems(wanted)

    def _get_shrink_problems(self, wanted):
        """Return what the customer must give up before the new limits fit, in words."""
        users, storage = self._get_limits(wanted)
        present = Wanted(self.plan_id, self.interval, self._get_quantity("users"), self._get_quantity("storage"))
        old_users, old_storage = self._get_limits(present)
        if users >= old_users and storage >= old_storage:
            return []
        with self._engine_errors_as_user_errors():
            use = self._measure_resources()
        problems = []
        if use.get("users", 0) > users:
            problems.append(
                self.env._(
                    "%(used)s internal users are active, the new limit is %(limit)s: archive some first.",
                    used=use["users"],
                    limit=int(users),
                )
            )
        if use.get("storage_gb", 0) > storage:
            problems.append(
                self.env._(
                    "%(used).2f GB are used, the new limit is %(limit).2f GB: delete some files first.",
                    used=use["storage_gb"],
                    limit=storage,
                )
            )
        return problems

    def _get_limits(self, wanted):
        unlimited = float("inf")
        return (
            wanted.plan.max_users + wanted.users if wanted.plan.max_users else unlimited,
            wanted.plan.max_storage_gb + wanted.storage if wanted.plan.max_storage_gb else unlimited,
        )

    # === DOING IT === #

    def _change(self, wanted):
        """Change the contract, at once or when the billed periods are over.

        :param Wanted wanted: what the contract shall become
        :raise UserError: says what stands in its way
        """
        self.ensure_one()
        self.check_access("write")
        self._catch_up()
        preview = self._preview_change(wanted)
        if preview["problems"]:
            raise UserError("\n".join(preview["problems"]))
        if preview["is_now"]:
            self._invoice_change(wanted)
            self._apply_change(wanted)
        else:
            self._plan_change(wanted)
        self._mail_customer("changed")

    def _plan_change(self, wanted):
        self._write_protected(
            {
                "pending_plan_id": wanted.plan.id,
                "pending_interval": wanted.interval,
                "pending_users": wanted.users,
                "pending_storage": wanted.storage,
                "pending_present_prices": wanted.at_present_prices,
            }
        )
        self._log_event(
            "changed",
            self.env._("%(plan)s from %(date)s on.", plan=wanted.plan.name, date=self.next_period_start),
        )

    def _invoice_change(self, wanted):
        if self.state == "trial" or self.billing_engine != "manual":
            return
        lines, today = self._prepare_change_lines(wanted), self._today()
        amounts = {}
        for line in lines:
            amounts[line["saas_period_id"]] = amounts.get(line["saas_period_id"], 0) + line["price_unit"]
        if not self.currency_id.is_zero(sum(amounts.values())):
            move = self._post_moves([self._prepare_move("out_invoice", lines)])
            self._log_event("invoiced", self.env._("Invoice %(number)s was made.", number=move.name))
        for row in self.sudo().period_ids.filtered(lambda row: row.end > today and row.id in amounts):
            row.amount = self.currency_id.round(row.amount + amounts[row.id])

    def _apply_change(self, wanted):
        values = {"plan_id": wanted.plan.id, "interval": wanted.interval}
        nothing = dict.fromkeys(("pending_plan_id", "pending_interval", "pending_present_prices"), False)
        nothing.update(pending_users=0, pending_storage=0)
        changed = {
            name: value for name, value in values.items() if self[name] != (wanted.plan if name == "plan_id" else value)
        }
        self._write_protected({**changed, **nothing})
        for kind, quantity in wanted.quantities.items():
            self._set_quantity(kind, quantity)
        if wanted.at_present_prices:
            self.line_ids._compute_price_unit()
        self._publish_limits()
        self._log_event("changed", self.env._("%(plan)s from now on.", plan=wanted.plan.name))

    def _set_quantity(self, kind, quantity):
        lines = self.line_ids.filtered(lambda line: line.kind == kind)
        if not lines and quantity:
            self.line_ids = [fields.Command.create({"kind": kind, "quantity": quantity})]
        elif lines and not quantity:
            lines.unlink()
        elif lines.quantity != quantity:
            lines.quantity = quantity

    def _apply_pending_change(self):
        """Make the change that was planned, if its day has come."""
        if self.pending_plan_id and contract.is_change_due(self._get_contract(), self._today()):
            add_ons = self.pending_users, self.pending_storage
            self._apply_change(
                Wanted(self.pending_plan_id, self.pending_interval, *add_ons, self.pending_present_prices)
            )

    def action_undo_change(self):
        """Forget a change that was planned for the end of the period."""
        for subscription in self:
            if not subscription.pending_plan_id:
                raise UserError(
                    self.env._('No change of "%(name)s" is planned: there is nothing to undo.', name=subscription.name)
                )
            subscription._write_protected(
                dict.fromkeys(("pending_plan_id", "pending_interval", "pending_present_prices"), False)
            )
            subscription._log_event("changed", self.env._("The planned change was undone."))
            subscription._mail_customer("changed")
        return True
