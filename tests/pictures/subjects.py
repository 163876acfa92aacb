"""Who is in the pictures: the customers that the stack has, and new ones where it has none that fit."""

from dataclasses import dataclass

# Name, subdomain and email of the customers that an empty stack gets.
ACME = ("Acme Inc.", "acme", "jane@acme.example")
LINDEN = ("Linden Bakery", "linden", "emil@linden.example")
OTHERS = (
    ("Northwind Traders", "northwind", "office@northwind.example"),
    ("Blue Door Studio", "bluedoor", "hello@bluedoor.example"),
    ("Harbour Bikes", "harbour", "shop@harbour.example"),
)
# Cards in a picture that would look empty with fewer.
FEW = 4
REASON = "The invoice of September is still open. Call us at +1 555 0100, and we switch it on again within minutes."


@dataclass(frozen=True)
class Subjects:
    """Records of the manager's database.

    :param instance: id of an active instance that has much to show
    :param welcome: path of a welcome link that nobody has used
    :param suspended_url: address of a suspended instance
    :param template: id of a built template
    """

    instance: int
    welcome: str
    suspended_url: str
    template: int


def find(demo):
    """Return the Subjects, provisioning customers for those that the stack lacks."""
    for customer in (*OTHERS, ACME):
        if len(_search(demo, ("state", "=", "active"))) < FEW:
            _provision(demo, *customer)
    return Subjects(
        instance=_most_to_show(demo),
        welcome=_unused_welcome(demo) or demo.welcome_path(_email(demo, _provision(demo, *ACME))),
        suspended_url=demo.read(_suspended(demo) or _suspend(demo, _provision(demo, *LINDEN)), "url"),
        template=_built_template(demo),
    )


def _search(demo, *domain, **options):
    return demo.manager.call("saas.instance", "search", list(domain), **options)


def _most_to_show(demo):
    """Return the active instance with the longest timeline."""
    rows = demo.manager.call("saas.instance", "search_read", [("state", "=", "active")], ["event_ids"])
    return max(rows, key=lambda row: (len(row["event_ids"]), row["id"]))["id"]


def _unused_welcome(demo):
    unused = [("state", "=", "active"), ("welcome_sent_at", "!=", False), ("welcome_used_at", "=", False)]
    for instance in _search(demo, *unused):
        email = _email(demo, instance)
        if email and demo.mails_to(email):
            return demo.welcome_path(email)
    return None


def _email(demo, instance):
    return demo.read(instance, "admin_email")


def _suspended(demo):
    return next(iter(_search(demo, ("state", "=", "suspended"), limit=1)), None)


def _suspend(demo, instance):
    demo.manager.call("saas.instance", "action_suspend", [instance], REASON)
    return instance


def _built_template(demo):
    """Return the ready template with the most instances."""
    ready = demo.manager.call("saas.template", "search", [("state", "=", "ready")])
    return max(ready, key=lambda template: len(_search(demo, ("template_id", "=", template))))


def _provision(demo, name, subdomain, email):
    """Provision a customer and return the instance; a number makes its name one that nobody has."""
    rows = demo.manager.call("saas.instance", "search_read", [], ["subdomain"], context={"active_test": False})
    taken = {row["subdomain"] for row in rows}
    names = (subdomain, *(f"{subdomain}{number}" for number in range(2, len(taken) + 3)))
    free = next(each for each in names if each not in taken)
    partner = demo.manager.call("res.partner", "create", {"name": name, "email": email, "is_company": True})
    instance = demo.provision(free, name=name, partner_id=partner)
    # The mail leaves a moment later; it is a line of the timeline, and holds the welcome link.
    demo.wait_for(lambda: demo.mails_to(email), bool)
    return instance
