"""Contracts of tests: made, started, billed and paid over RPC, as people do it in the backend."""

from datetime import date, timedelta

LATE_DAYS = 40


def subscribe(demo, subdomain, **values):
    """Create a contract with one draft of an instance; return the ids of both."""
    instance = demo.create(subdomain)
    partner = demo.read(instance, "partner_id")[0]
    contract = demo.manager.call(
        "saas.subscription", "create", {"partner_id": partner, "trial_days": 0, "plan_id": starter(demo), **values}
    )
    demo.manager.call("saas.instance", "write", [instance], {"subscription_id": contract})
    return contract, instance


def starter(demo):
    """Return the id of the plan Starter."""
    return demo.manager.call("saas.plan", "search", [("code", "=", "starter")])[0]


def read(demo, contract, field):
    """Return the value of one field of a contract."""
    return demo.manager.call("saas.subscription", "read", [contract], [field])[0][field]


def make_late(demo, subdomain):
    """Start a contract whose only invoice was due long ago; return the ids of contract, instance and invoice."""
    contract, instance = subscribe(demo, subdomain, auto_renew=False)
    call, day = demo.manager.call, (date.today() - timedelta(days=LATE_DAYS)).isoformat()
    call("saas.subscription", "write", [contract], {"start_date": day})
    call("saas.subscription", "action_start", [contract])
    demo.wait_for_state(instance, "active")
    [move] = read(demo, contract, "move_ids")
    call("account.move", "button_draft", [move])
    call("account.move", "write", [move], {"invoice_date": day, "invoice_date_due": day})
    call("account.move", "action_post", [move])
    # It would be over by now: what is looked at here is the invoice.
    call("saas.subscription", "write", [contract], {"auto_renew": True})
    return contract, instance, move
