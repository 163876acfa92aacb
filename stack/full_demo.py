"""`make demo DEMO=full`: a dozen customers with their contracts, in every state, made by the buttons that people press.

What is there stays as it is: a customer who was finished once is left alone, whatever people did with it since, and a
run that was interrupted goes on. Only the dates are not real: the contracts have lived their past in a moment
(odoo_scripts/subscribe_demo.py), the instances are moved there (odoo_scripts/backdate_demo.py).
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
    finished, problems = _make_customers(stack, demo, missing)
    state.set(full_demo=[*known, *(customer.subdomain for customer in finished)])
    if problems:
        raise FullDemoError("\n    ".join(problems))
    return f"{len(finished)} customers"


def _make_customers(stack, demo, customers):
    """Let instances begin, contracts live and instances end; return who is finished, and what is wrong with others."""
    ready, problems = demo.make(customers)
    manager_database.run_script(stack, "subscribe_demo.py", [demo.prepare_contract(customer) for customer in ready])
    finished, more_problems = demo.end(ready)
    backdated = [demo.prepare_dates(customer) for customer in finished if customer.days]
    if backdated:
        manager_database.run_script(stack, "backdate_demo.py", backdated)
    return finished, [*problems, *more_problems]


def next_action(customer, state, goal, reason=None):
    """Return what is to be done with an instance that is in this state.

    :param goal: the states that it may be in now, of the customer's way
    :param reason: why it failed
    :return: name of a method of FullDemo; "" where it is to be waited for, None where it is as planned
    :raise FullDemoError: from here it can't get where it should
    """
    if state in goal:
        return None
    if state in STATES_UNDER_WAY:
        return ""
    if state == "draft":
        return "provision"
    if state == "terminating" and goal == ("terminated",):
        return "delete"
    raise FullDemoError(f"{customer.name} is {state} and should be {goal[-1]}. {reason or ''}".rstrip())


class FullDemo:
    """The demo's customers, over the RPC of the manager.

    :param Manager manager: a session of the administrator
    :param int port: the public one, where the customers' instances are visited
    """

    def __init__(self, manager, port, base_domain):
        self.manager, self.port, self.base_domain = manager, port, base_domain
        self.instances = {}  # subdomain -> id

    def make(self, customers):
        """Bring every customer's instance to work, or where else it begins, one after the other.

        :return: those who are there, and in words what is wrong with the others
        """
        return self._each(customers, self._begin)

    def end(self, customers):
        """Bring every customer's instance where it ends, after their contracts have had their life; a line for each.

        :return: as `make`
        """
        return self._each(customers, self._end)

    def prepare_contract(self, customer):
        """Return what subscribe_demo.py needs to know about a customer."""
        return {"instance": self.instances[customer.subdomain], **customer.contract.prepare(customer)}

    def prepare_dates(self, customer):
        """Return what backdate_demo.py needs to know about a customer."""
        instance = self.instances[customer.subdomain]
        return {"instance": instance, "days": customer.days, "end_days": customer.end_days}

    # -- on the way

    def _each(self, customers, bring):
        finished, problems = [], []
        for customer in customers:
            try:
                bring(customer)
                finished.append(customer)
            except FullDemoError as error:
                problems.append(str(error))
        return finished, problems

    def _begin(self, customer):
        self.instances[customer.subdomain] = self._find(customer) or self._create(customer)
        self._bring(customer, customer.way)
        self._visit(customer)  # of those that are going to be switched off, nobody can later

    def _end(self, customer):
        row = self._bring(customer, customer.way[-1:])
        reason = (row["failure_reason"] or "").strip().splitlines()
        console.note(f"{customer.name}, {customer.city}: {': '.join([row['state'], *reason[-1:]])}")

    def _bring(self, customer, goal):
        """Press the buttons, each once, until the instance is in one of the states of the goal; return its row."""
        instance = self.instances[customer.subdomain]
        end, pressed = time.monotonic() + MINUTES * 60, set()
        while time.monotonic() < end:
            [row] = self.manager.call("saas.instance", "read", [instance], ["state", "failure_reason"])
            action = next_action(customer, row["state"], goal, row["failure_reason"])
            if action is None:
                return row
            if action and action not in pressed:
                pressed.add(action)
                getattr(self, f"_{action}")(customer)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        raise FullDemoError(f"{customer.name} is {row['state']} after {MINUTES} minutes.")

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
