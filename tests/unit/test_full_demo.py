"""The customers of the full demo, and how each gets where it should. `make up DEMO=full` does it for real."""

import ast
from types import SimpleNamespace

import pytest
from saas_engine import naming

from stack import full_demo
from stack.errors import StackError
from stack.full_demo_contracts import CONTRACTS
from stack.full_demo_customers import CUSTOMERS, Customer

STATES = ("draft", "queued", "provisioning", "active", "suspended", "terminating", "terminated", "failed")


def customer(state):
    return Customer("Acme Ltd", "acme", "London", "GB", "Jane Doe", state=state)


class FakeManager:
    """Instances that do at once what their buttons say; a provisioning takes two looks."""

    def __init__(self, fails=()):
        self.rows, self.fails, self.pressed = {}, fails, []

    def call(self, model, method, *arguments, **options):
        if model == "saas.instance":
            return getattr(self, method)(*arguments, **options)
        return (0, 1) if method == "check_object_reference" else [1] if method == "search" else 1

    def create(self, values):
        self.rows[len(self.rows) + 1] = {**values, "state": "draft", "failure_reason": False}
        return len(self.rows)

    def search(self, domain, limit):
        return [key for key, row in self.rows.items() if row["subdomain"] == domain[0][2]][:limit]

    def write(self, ids, values):
        self.rows[ids[0]].update(values)

    def read(self, ids, fields):
        rows = [{name: self.rows[each][name] for name in fields} for each in ids]
        for row in (self.rows[each] for each in ids):
            if row["state"] == "queued":
                row["state"] = "failed" if row["subdomain"] in self.fails else "active"
        return rows

    def __getattr__(self, action):
        becomes = {"provision": "queued", "delete_now": "terminated"}

        def press(ids, *arguments):
            self.pressed.append((self.rows[ids[0]]["subdomain"], action))
            self.rows[ids[0]]["state"] = becomes[action.removeprefix("action_")]

        return press

    def run_script(self, name, values):
        """Let the contracts do to the instances what the script of the contracts does."""
        does = {"suspended": "suspended", "cancelled": "terminating", "expired": "terminating"}
        for planned in values if name == "subscribe_demo.py" else ():
            row = self.rows[planned["instance"]]
            if "contract" not in row:
                row.update(contract=planned["state"], state=does.get(planned["state"], row["state"]))


@pytest.fixture
def stack(monkeypatch):
    """A stack whose manager is a fake, whose customers are not visited, and whose script notes what it was given."""
    fails = [each.subdomain for each in CUSTOMERS if each.state == "failed"]
    stack = SimpleNamespace(manager=FakeManager(fails), ports={"public": 1}, base_domain="localhost", scripts=[])
    monkeypatch.setattr(full_demo.manager_database, "administrator", lambda stack: stack.manager)

    def run_script(stack, name, values):
        stack.scripts.append((name, values))
        stack.manager.run_script(name, values)

    monkeypatch.setattr(full_demo.manager_database, "run_script", run_script)
    monkeypatch.setattr(full_demo.FullDemo, "_visit", lambda self, customer: None)
    monkeypatch.setattr(full_demo, "SECONDS_BETWEEN_LOOKS", 0)
    return stack


class Memory(dict):
    def set(self, **values):
        self.update(values)


# -- the plan


def test_every_state_that_lasts_has_somebody():
    assert {each.state for each in CUSTOMERS} == set(STATES) - {"queued", "provisioning"}
    assert len(CUSTOMERS) >= 12
    assert len({each.country for each in CUSTOMERS}) > 8
    assert {each.plan for each in CUSTOMERS} == {"starter", "professional", "enterprise"}


def test_everybody_is_somebody_else_and_may_have_the_subdomain():
    for name in ("name", "subdomain", "email", "title"):
        assert len({getattr(each, name) for each in CUSTOMERS}) == len(CUSTOMERS), name
    for each in CUSTOMERS:
        assert naming.subdomain(each.subdomain) == each.subdomain


def test_nobody_is_from_the_future_and_ends_before_the_beginning():
    days = [each.days for each in CUSTOMERS]
    assert days == sorted(days, reverse=True), "the newest record stands first in every list"
    for each in CUSTOMERS:
        assert 0 <= each.end_days <= each.days
        assert (each.end_days > 0) == (each.state in ("suspended", "terminating", "terminated")), each.name


def test_a_termination_is_not_due_yet():
    """The grace of 14 days is counted from the end: a cron would delete who is beyond it."""
    assert all(each.end_days < 13 for each in CUSTOMERS if each.state == "terminating")


@pytest.mark.parametrize(
    ("name", "title"),
    [("Acme Ltd", "Acme"), ("Sunbird Safaris", "Sunbird Safaris"), ("Hoshino Tea K.K.", "Hoshino Tea")],
)
def test_what_people_call_a_company(name, title):
    assert Customer(name, "acme", "London", "GB", "Jane Doe").title == title


# -- the way there


@pytest.mark.parametrize("wanted", set(STATES) - {"queued", "provisioning"})
def test_where_it_should_be_nothing_is_pressed(wanted):
    for goal in (customer(wanted).way, customer(wanted).way[-1:]):
        assert full_demo.next_action(customer(wanted), wanted, goal) is None


@pytest.mark.parametrize(
    ("wanted", "state", "action"),
    [
        ("active", "draft", "provision"),
        ("suspended", "draft", "provision"),
        ("active", "queued", ""),
        ("failed", "provisioning", ""),
        ("suspended", "active", None),
        ("terminated", "terminating", None),
    ],
)
def test_the_next_button_at_the_beginning(wanted, state, action):
    assert full_demo.next_action(customer(wanted), state, customer(wanted).way) == action


def test_the_last_button():
    assert full_demo.next_action(customer("terminated"), "terminating", ("terminated",)) == "delete"


@pytest.mark.parametrize(
    ("wanted", "state"), [("active", "failed"), ("failed", "active"), ("suspended", "active"), ("active", "terminated")]
)
def test_from_here_there_is_no_way(wanted, state):
    with pytest.raises(full_demo.FullDemoError, match=f"Acme Ltd is {state} and should be {wanted}. No room"):
        full_demo.next_action(customer(wanted), state, (wanted,), "No room")


# -- the contracts


def test_everybody_has_a_contract_and_every_state_somebody():
    assert set(CONTRACTS) == {each.subdomain for each in CUSTOMERS}
    states = {each.state for each in CONTRACTS.values()}
    assert states == {"draft", "trial", "active", "past_due", "suspended", "cancelled", "expired"}
    assert {each.interval for each in CONTRACTS.values()} == {"month", "year"}
    assert {"manual", "free"} <= {each.billing for each in CONTRACTS.values()}


@pytest.mark.parametrize("each", CUSTOMERS, ids=lambda each: each.subdomain)
def test_contract_and_instance_fit(each):
    contract = each.contract
    fitting = {"suspended": "suspended", "terminating": "cancelled", "terminated": "expired"}
    if each.state in fitting:
        assert contract.state == fitting[each.state]
    elif each.state == "active":
        assert contract.state in ("trial", "active", "past_due")
    else:
        assert contract.state == "draft"
    assert contract.days <= each.days, "no contract runs before its instance was asked for"
    days = [contract.days, *(act[0] for act in contract.acts), 0]
    assert days == sorted(days, reverse=True), "acts come after the beginning, in order"


def test_what_the_script_is_told():
    mercado = next(each for each in CUSTOMERS if each.subdomain == "mercado-verde")
    told = mercado.contract.prepare(mercado)
    assert (told["plan"], told["days"], mercado.plan) == ("starter", 33, "professional")
    assert ast.literal_eval(repr(told)) == told, "it travels as text"


# -- all of it


def test_everybody_gets_there_and_a_second_run_adds_nothing(stack):
    memory = Memory()
    assert full_demo.make(stack, memory) == f"{len(CUSTOMERS)} customers"
    assert [row["state"] for row in stack.manager.rows.values()] == [each.state for each in CUSTOMERS]
    assert len(stack.manager.pressed) == len(set(stack.manager.pressed)), "a button was pressed twice"
    [(first, contracts), (script, values)] = stack.scripts
    assert (first, script) == ("subscribe_demo.py", "backdate_demo.py")
    assert len(contracts) == len(CUSTOMERS)
    assert [row["days"] for row in values] == [each.days for each in CUSTOMERS if each.days]
    pressed = list(stack.manager.pressed)
    assert full_demo.make(stack, memory) == "all there"
    assert (len(stack.manager.rows), stack.manager.pressed, len(stack.scripts)) == (len(CUSTOMERS), pressed, 2)


def test_what_people_did_meanwhile_stays(stack):
    memory = Memory()
    full_demo.make(stack, memory)
    [fjordlys] = stack.manager.search([("subdomain", "=", "fjordlys")], limit=1)
    stack.manager.rows[fjordlys]["state"] = "active"
    full_demo.make(stack, memory)
    assert stack.manager.rows[fjordlys]["state"] == "active"


def test_an_interrupted_run_goes_on(stack):
    demo = full_demo.FullDemo(stack.manager, 1, "localhost")
    demo.make(CUSTOMERS[:5])
    pressed = list(stack.manager.pressed)
    full_demo.make(stack, Memory())
    assert len(stack.manager.rows) == len(CUSTOMERS)
    assert stack.manager.pressed[: len(pressed)] == pressed
    assert len(stack.manager.pressed) == len(set(stack.manager.pressed))


def test_one_who_fails_does_not_keep_the_others(stack):
    stack.manager.fails = (*stack.manager.fails, "quillon")
    memory = Memory()
    with pytest.raises(full_demo.FullDemoError, match="Quillon Robotics Inc. is failed"):
        full_demo.make(stack, memory)
    assert len(memory["full_demo"]) == len(CUSTOMERS) - 1
    assert "quillon" not in memory["full_demo"]
    assert "quillon" not in str(stack.scripts[-1])
    assert len(stack.scripts) == 2


# -- asking for it


@pytest.mark.parametrize(("word", "wanted"), [(None, False), ("", False), ("full", True)])
def test_what_demo_says(monkeypatch, word, wanted):
    monkeypatch.delenv("DEMO", raising=False)
    if word is not None:
        monkeypatch.setenv("DEMO", word)
    assert full_demo.is_wanted() is wanted


def test_a_typo_is_told_before_anything_starts(monkeypatch):
    monkeypatch.setenv("DEMO", "ful")
    with pytest.raises(StackError, match="DEMO=ful means nothing here"):
        full_demo.is_wanted()


@pytest.mark.parametrize("name", ["backdate_demo.py", "subscribe_demo.py"])
def test_the_scripts_are_python(name):
    ast.parse((full_demo.manager_database.SCRIPTS / name).read_text())
