"""`make demo DEMO=full`: a dozen customers in every state, made by the buttons that people press.

What is there stays as it is: a customer who was finished once is left alone, whatever people did with it since, and a
run that was interrupted goes on. Only the dates are not real (odoo_scripts/backdate_demo.py).
"""

import http.client
import os
import time

from stack import console, manager_database
from stack.errors import StackError
from stack.full_demo_customers import BROKEN_TEMPLATE, CUSTOMERS

FULL = "full"
MINUTES = 5
SECONDS_BETWEEN_LOOKS = 0.2
STATES_UNDER_WAY = ("queued", "provisioning")


class FullDemoError(StackError):
    """A customer is not in the state that was planned. Everything else works."""


def is_wanted():
    """Return whether DEMO asks for the full demo.

    :raise StackError: for a word that means nothing
    """
    wanted = os.environ.get("DEMO", "")
    if wanted not in ("", FULL):
        raise StackError(f"DEMO={wanted} means nothing here. Known: DEMO={FULL}.")
    return wanted == FULL


def make(stack, state):
    """Make the customers that are not there yet.

    :param stack: a running Stack, whose Blank template is ready
    :param State state: remembers who is finished
    :return: what was done, in words
    :raise FullDemoError: for those who are not as planned, after all the others were finished
    """
    known = state.get("full_demo", [])
    missing = [customer for customer in CUSTOMERS if customer.subdomain not in known]
    if not missing:
        return "all there"
    demo = FullDemo(manager_database.administrator(stack), stack.ports["public"], stack.base_domain)
    finished, problems = demo.make(missing)
    backdated = [demo.prepare_dates(customer) for customer in finished if customer.days]
    if backdated:
        manager_database.run_script(stack, "backdate_demo.py", backdated)
    state.set(full_demo=[*known, *(customer.subdomain for customer in finished)])
    if problems:
        raise FullDemoError("\n    ".join(problems))
    return f"{len(finished)} customers"


def next_action(customer, state, reason=None):
    """Return what is to be done with an instance that is in this state.

    :param reason: why it failed
    :return: name of a method of FullDemo; "" where it is to be waited for, None where it is as planned
    :raise FullDemoError: from here it can't get where it should
    """
    if state == customer.state:
        return None
    if state in STATES_UNDER_WAY:
        return ""
    ways = {
        ("draft", None): "provision",
        ("active", "suspended"): "suspend",
        ("active", "terminating"): "terminate",
        ("active", "terminated"): "terminate",
        ("terminating", "terminated"): "delete",
    }
    action = ways.get((state, None)) or ways.get((state, customer.state))
    if not action:
        raise FullDemoError(f"{customer.name} is {state} and should be {customer.state}. {reason or ''}".rstrip())
    return action


class FullDemo:
    """The demo's customers, over the RPC of the manager.

    :param Manager manager: a session of the administrator
    :param int port: the public one, where the customers' instances are visited
    """

    def __init__(self, manager, port, base_domain):
        self.manager, self.port, self.base_domain = manager, port, base_domain
        self.instances = {}  # subdomain -> id

    def make(self, customers):
        """Bring every customer into the planned state, one after the other; a line for each.

        :return: those who are there, and in words what is wrong with the others
        """
        finished, problems = [], []
        for customer in customers:
            try:
                self._make(customer)
                finished.append(customer)
            except FullDemoError as error:
                problems.append(str(error))
        return finished, problems

    def prepare_dates(self, customer):
        """Return what backdate_demo.py needs to know about a customer."""
        instance = self.instances[customer.subdomain]
        return {"instance": instance, "days": customer.days, "end_days": customer.end_days}

    # -- on the way

    def _make(self, customer):
        """Press the buttons, each once, until the instance is as planned."""
        instance = self.instances[customer.subdomain] = self._find(customer) or self._create(customer)
        end, pressed = time.monotonic() + MINUTES * 60, set()
        while time.monotonic() < end:
            [row] = self.manager.call("saas.instance", "read", [instance], ["state", "failure_reason"])
            action = next_action(customer, row["state"], row["failure_reason"])
            if action is None:
                return self._finish(customer, row)
            if action and action not in pressed:
                pressed.add(action)
                getattr(self, f"_{action}")(customer)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        raise FullDemoError(f"{customer.name} is {row['state']} after {MINUTES} minutes.")

    def _finish(self, customer, row):
        self._visit(customer)
        reason = (row["failure_reason"] or "").strip().splitlines()
        console.note(f"{customer.name}, {customer.city}: {': '.join([row['state'], *reason[-1:]])}")

    # -- what people do

    def _find(self, customer):
        found = self.manager.call("saas.instance", "search", [("subdomain", "=", customer.subdomain)], limit=1)
        return found[0] if found else None

    def _create(self, customer):
        values = {
            "name": customer.title,
            "subdomain": customer.subdomain,
            "partner_id": self._find_or_create_partner(customer),
            "admin_name": customer.person,
            "admin_email": customer.email,
            "plan_id": self._reference(f"plan_{customer.plan}"),
            "template_id": self._get_template(customer.template),
            "company_line_ids": [(0, 0, self._prepare_company(*company)) for company in customer.companies],
        }
        if customer.country_of_books:
            values |= {"country_id": self._country(customer.country_of_books), "lang": BROKEN_TEMPLATE["lang"]}
        instance = self.manager.call("saas.instance", "create", values)
        if customer.consent:
            self.manager.call("saas.instance", "write", [instance], {"support_sign_in": True})
        return instance

    def _find_or_create_partner(self, customer):
        found = self.manager.call("res.partner", "search", [("email", "=", customer.email)], limit=1)
        values = {"name": customer.name, "is_company": True, "email": customer.email, "city": customer.city}
        country = self._country(customer.country)
        return found[0] if found else self.manager.call("res.partner", "create", {**values, "country_id": country})

    def _get_template(self, code):
        found = self.manager.call("saas.template", "search", [("code", "=", code)], limit=1)
        if found:
            return found[0]
        [country] = {each.country_of_books for each in CUSTOMERS if each.template == code}
        values = {**BROKEN_TEMPLATE, "country_id": self._country(country)}
        return self.manager.call("saas.template", "create", values)

    def _prepare_company(self, name, country, emails):
        return {"name": name, "country_id": self._country(country), "user_emails": emails}

    def _country(self, code):
        return self.manager.call("res.country", "search", [("code", "=", code)], limit=1)[0]

    def _reference(self, name):
        return self.manager.call("ir.model.data", "check_object_reference", "saas_manager", name)[1]

    def _press(self, customer, action, *arguments):
        self.manager.call("saas.instance", action, [self.instances[customer.subdomain]], *arguments)

    def _provision(self, customer):
        self._press(customer, "action_provision")

    def _suspend(self, customer):
        self._visit(customer)  # nobody can afterwards
        self._press(customer, "action_suspend", customer.reason)

    def _terminate(self, customer):
        self._press(customer, "action_terminate", customer.subdomain)

    def _delete(self, customer):
        self._press(customer, "action_delete_now", customer.subdomain)

    def _visit(self, customer):
        """Ask for the first page as visitors do, through the public door."""
        host = f"{customer.subdomain}.{self.base_domain}:{self.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for _number in range(customer.visits):
            connection.request("GET", "/web/login", headers={"Host": host})
            connection.getresponse().read()
        connection.close()
