"""A contract's life without Odoo: the engine decides, a ledger in memory writes down.

What the models do in `saas_subscription_*.py` is done here to lists. Dates, amounts, states, steps are decided by the
same functions as in production.
"""

import dataclasses
from datetime import timedelta
from decimal import Decimal

from saas_engine import contract as contracts
from saas_engine import dunning, periods, proration
from saas_engine.contract import Contract

from support.contract_ledger import Invoice, Line, Row

USUAL_LEAD = 7


class Refused(Exception):
    """The contract does not allow it now."""


class Life:
    """One contract. Each method is something that happens on a day; what is refused changes nothing."""

    def __init__(self, first, terms, *, trial_days=0, auto_renew=True, step="0.01", lead=USUAL_LEAD, policy=None):
        self.terms, self.pending, self.step = terms, None, Decimal(step)
        self.lead, self.policy = lead, policy or dunning.Policy()
        self.given, self.before, self.is_broken = 0, None, False
        self.rows, self.invoices, self.history, self.changes = [], [], ["draft"], []
        self.trial_end = first + timedelta(days=trial_days) if trial_days else None
        self.contract = Contract("draft", terms.interval, auto_renew=auto_renew)
        begin = self.trial_end or first
        self.move("trial" if trial_days else "active", next_start=begin, anchor=begin.day)
        if not trial_days:
            self.bill(first, always=1)

    def move(self, state, **values):
        """Go to another state, by what is allowed."""
        if state != self.contract.state:
            if self.contract.state not in contracts.TRANSITIONS[state]:
                raise Refused(f"{self.contract.state} -> {state}")
            self.history.append(state)
        self.contract = dataclasses.replace(self.contract, state=state, **values)

    @staticmethod
    def attempt(work, *args):
        """Do something that may be refused: it then changes nothing, all methods look before they write."""
        try:
            work(*args)
        except Refused:
            return False
        return True

    # -- nights

    def night(self, today):
        """What both crons of a day do."""
        self.bill(today)
        self.end_or_dun(today)

    def bill(self, today, always=0, lead=None):
        turn, days = 0, self.lead if lead is None else lead
        is_change_due = contracts.is_change_due(self.contract, today)
        if self.is_broken and (is_change_due or contracts.due_period(self.contract, today, days)):
            raise Refused("a broken night")
        if is_change_due:
            self.apply(self.pending, self.contract.next_start)
        while period := contracts.due_period(self.contract, today, days, is_forced=turn < always):
            self.bill_period(period, today)
            turn += 1

    def catch_up(self, today):
        """Bill what has begun, before something happens that depends on it."""
        self.bill(today, lead=0)

    def bill_period(self, period, today):
        row = next((row for row in self.rows if row.is_void and row.start == period.start), None)
        if row is None:
            assert period.start not in [row.start for row in self.rows], "a second row"
            row = Row(period.start, period.end, period.days)
            self.rows.append(row)
        amount = self.price(self.terms)
        row.end, row.days, row.is_void = period.end, period.days, False
        row.lines, row.credited = [Line(period, amount)], Decimal(0)
        if self.terms.discounted and self.given < self.terms.discounted:
            self.given += 1
        self.post(today, max(today, period.start), amount)
        values = {"next_start": period.end}
        self.move("active" if self.contract.state == "trial" else self.contract.state, **values)

    def price(self, terms):
        has_discount = not terms.discounted or self.given < terms.discounted
        return proration.discounted(terms.full, terms.percent if has_discount else 0, 0, self.step)

    def post(self, today, due, amount):
        self.invoices.append(Invoice(today, due, amount, amount))

    def end_or_dun(self, today):
        self.catch_up(today)
        end = contracts.over(self.contract, today)
        if end:
            self.end(today, *end)
        self.follow_payments(today)
        self.dun(today)

    def dun(self, today):
        unpaid = self.unpaid()
        if not unpaid or not contracts.is_dunned(self.contract):
            return
        move = unpaid[0]
        done = {code for code, is_undone in move.done.items() if not is_undone or code.startswith("reminder")}
        due, passed_over = dunning.due(dunning.schedule(move.due, self.policy), done, today)
        for step in [*passed_over, *due]:
            move.done[step.code] = False
        for step in due:
            if step.kind == dunning.PAST_DUE and self.contract.state == "active":
                self.move("past_due")
            elif step.kind == dunning.SUSPEND and self.contract.state != "suspended":
                self.before = self.contract.state
                self.move("suspended")
            elif step.kind == dunning.TERMINATE:
                self.end(today, "expired", "unpaid", refund=False)

    # -- payments

    def unpaid(self):
        found = [each for each in self.invoices if each.left > 0]
        return sorted(found, key=lambda each: each.due) if len(found) > 1 else found

    def pay(self, invoice, amount, today):
        invoice.left -= min(amount, invoice.left)
        self.follow_payments(today)

    def follow_payments(self, today):
        if self.contract.state == "active":
            return
        switched_off = any(move.done.get("suspend") is False for move in self.invoices)
        if not contracts.is_held_by_payment(self.contract, switched_off):
            return
        late = [move for move in self.unpaid() if move.due < today]
        is_reason_paid = not late or "suspend" not in late[0].done
        state = contracts.state_after_payment(self.contract, bool(late), is_reason_paid)
        if state:
            for move in self.invoices:
                move.done = dict.fromkeys(move.done, True)
            self.come_back(today, state)

    def come_back(self, today, state):
        day = contracts.restart_day(self.contract, today)
        values = {"next_start": day, "anchor": day.day} if day else {}
        self.move(state, **values, cancel_on=None, end_cause=None)
        self.before = None

    # -- what people do

    def suspend(self, today):
        self.catch_up(today)
        before = self.contract.state
        self.move("suspended")
        self.before = before

    def resume(self, today):
        if self.contract.state not in ("suspended", *contracts.ENDED_STATES):
            raise Refused("it runs")
        if contracts.is_used_up(self.contract, today):
            raise Refused("it does not renew itself")
        was_trial = self.contract.state == "suspended" and self.before == "trial"
        self.come_back(today, "trial" if was_trial else "active")

    def cancel_at_end(self, today):
        self.catch_up(today)
        if self.contract.state not in contracts.LIVE_STATES:
            raise Refused("it has ended")
        billed = [row.period for row in self.rows if not row.is_void]
        day = contracts.last_paid_end(self.contract, billed, self.trial_end, today)
        self.contract = dataclasses.replace(self.contract, cancel_on=day)

    def undo_cancellation(self, _today):
        if self.contract.state not in contracts.LIVE_STATES:
            raise Refused("it has ended")
        self.contract = dataclasses.replace(self.contract, cancel_on=None)

    def cancel_now(self, today):
        self.catch_up(today)
        self.end(today, "cancelled", "customer")

    def end(self, today, state, cause, refund=True):
        if self.contract.state in contracts.ENDED_STATES:
            raise Refused("it has ended")
        self.move(state, cancel_on=None, end_cause=cause)
        if refund:
            self.credit(today)

    def credit(self, today):
        """Give back what was billed for days from today on."""
        for row in [row for row in self.rows if not row.is_void and row.end > today]:
            unused = sum((proration.share(line.amount, line.days, today, self.step) for line in row.lines), Decimal(0))
            row.credited += unused
            self.set_off(unused)
            if today <= row.start:
                row.is_void = True
            else:
                row.end = today
        if self.contract.next_start > today:
            self.contract = dataclasses.replace(self.contract, next_start=today, anchor=today.day)

    def set_off(self, amount):
        for invoice in sorted(self.unpaid(), key=lambda each: each.due, reverse=True):
            taken = min(invoice.left, amount)
            invoice.left, amount = invoice.left - taken, amount - taken

    def change(self, today, terms):
        """Another price, extras or interval: dearer ones at once, the others with the next period."""
        self.catch_up(today)
        if self.contract.state not in contracts.BILLED_STATES or self.contract.cancel_on:
            raise Refused("it does not run")
        is_dearer = terms.interval == self.terms.interval and self.price(terms) >= self.price(self.terms)
        if self.contract.state == "trial" or is_dearer:
            if self.contract.state != "trial":
                self.invoice_change(today, terms)
            self.apply(terms, today)
        else:
            self.pending = terms
            self.contract = dataclasses.replace(self.contract, is_changing=True)

    def invoice_change(self, today, terms):
        made = {}
        for number, row in enumerate(self.rows):
            if row.is_void or row.end <= today:
                continue
            whole = periods.period(row.start, self.contract.interval, self.contract.anchor)
            used = periods.Period(max(today, row.start), row.end)
            lines = [Line(used, proration.share(self.price(terms), whole, today, self.step))]
            for line in row.lines:
                unused = periods.Period(max(today, line.days.start), line.days.end)
                amount = proration.share(line.amount, line.days, today, self.step)
                if amount:
                    lines.append(Line(unused, -amount))
            made[number] = lines
        total = sum((line.amount for lines in made.values() for line in lines), Decimal(0))
        if total:
            for number, lines in made.items():
                self.rows[number].lines += lines
            self.post(today, today, total)

    def apply(self, terms, day):
        self.changes.append((day, terms))
        self.terms, self.pending = terms, None
        self.contract = dataclasses.replace(self.contract, interval=terms.interval, is_changing=False)
