"""What the customers of the full demo have agreed: contracts in every state that a real business has them in."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Contract:
    """One subscription and what becomes of it; odoo_scripts/subscribe_demo.py lives it day by day.

    :param str state: where it ends
    :param float days: how long ago it was started; not at all where the state is draft
    :param str plan: what it begins with; empty: the customer's plan
    :param str interval: ``month`` or ``year``
    :param str billing: ``manual``, ``free`` or ``external``
    :param int trial_days: 0: without a trial
    :param bool renews: goes on by itself
    :param stops_paying: how long ago the last invoice was paid; None: each is paid when it is due
    :param tuple acts: what people did, as (days ago, act, arguments of the act): see the script
    """

    state: str = "active"
    days: int = 0
    plan: str = ""
    interval: str = "month"
    billing: str = "manual"
    trial_days: int = 0
    renews: bool = True
    stops_paying: int | None = None
    acts: tuple = ()

    def prepare(self, customer):
        """Return what the script needs to know, as plain values."""
        return {**asdict(self), "plan": self.plan or customer.plan}


# By the customer's subdomain.
CONTRACTS = {
    "kestrel-bikes": Contract(days=74, acts=((30, "change", {"users": 2}),)),
    "morgenrot": Contract(days=66, interval="year"),
    "clairval": Contract("past_due", days=48, trial_days=14, stops_paying=20),
    "olivar-del-valle": Contract("expired", days=55, trial_days=20, renews=False),
    "fjordlys": Contract("suspended", days=47, trial_days=28, stops_paying=20),
    "quillon": Contract(days=40, interval="year", acts=((20, "change", {"users": 5, "storage": 50}),)),
    "mercado-verde": Contract(days=33, plan="starter", trial_days=14, acts=((10, "change", {"plan": "professional"}),)),
    "tindari": Contract("cancelled", days=30, acts=((9, "cancel_now", {"reason": "The workshop moves to paper."}),)),
    "maple-hollow": Contract(days=19, acts=((3, "change", {"plan": "starter"}),)),
    "hoshino": Contract(days=16, acts=((2, "cancel_at_end", {"reason": "The shop is sold."}),)),
    "polder": Contract("trial", days=10, trial_days=30),
    "rokka": Contract("trial", days=8, trial_days=14),
    "sunbird": Contract(billing="free"),
    "alpenrose": Contract("draft"),
    "garage-lefevre": Contract("draft", trial_days=14),
}
