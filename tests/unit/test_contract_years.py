"""200 contracts live two years each, day by day, with nights that fail or never come and people as they are."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from saas_engine import contract as contracts
from saas_engine.dunning import Policy
from support.contract_ledger import Terms
from support.contracts import Life

CONTRACTS, DAYS = 200, 730
# The last nights run, so that nothing is still to be caught up when it is looked at.
QUIET = 3
STEPS = st.sampled_from(["0.01", "1", "0.001", "0.05"])
PRICES = st.decimals(1, 5000, places=2)
FIRST = st.dates(date(2027, 1, 1), date(2028, 3, 1))  # the leap day is in it
NUMBERS = st.integers(1, DAYS - QUIET)
OUTAGES = st.lists(st.tuples(NUMBERS, st.integers(1, 45)), max_size=6)
PEOPLE = ("dearer", "cheaper", "extras", "interval", "cancel_at_end", "undo", "cancel_now", "suspend", "resume")
WAYS = st.lists(st.one_of(st.none(), st.integers(0, 60)), min_size=1, max_size=6)
# The same contracts each time: whether a change is good must not be a matter of luck. Others: `CONTRACTS = 3000`.
YEARS = settings(
    derandomize=True,
    max_examples=CONTRACTS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def events(kinds):
    return st.lists(st.tuples(NUMBERS, st.sampled_from(kinds), PRICES), max_size=8)


@st.composite
def agreements(draw, discounts=True):
    """Draw what a contract begins with."""
    terms = Terms(draw(PRICES), draw(st.sampled_from(["month", "month", "year"])))
    if discounts:
        terms.percent, terms.discounted = draw(st.sampled_from([(0, 0), (10, 0), (50, 3), (100, 1)]))
    options = {
        "trial_days": draw(st.sampled_from([0, 0, 14])),
        "auto_renew": draw(st.sampled_from([True, True, True, False])),
        "step": draw(STEPS),
        "lead": draw(st.integers(0, 14)),
        "policy": Policy(grace_days=draw(st.integers(1, 30)), retention_days=draw(st.integers(0, 60))),
    }
    return draw(FIRST), terms, options


class Run:
    """One contract from its first day on.

    :param outages: pairs of a first night and how many don't run
    :param broken: numbers of days on which nothing can be billed
    :param people: what they do: number of the day, what, a price
    :param ways: after how many days invoices are paid, one after the other; None: never
    """

    def __init__(self, agreement, outages=(), broken=(), people=(), ways=(0,)):
        self.first, self.terms, options = agreement
        self.life = Life(self.first, self.terms, **options)
        self.missed = {day for start, length in outages for day in range(start, start + length)} - {
            *range(DAYS - QUIET, DAYS)
        }
        self.broken, self.people, self.ways = set(broken), sorted(people, key=lambda event: event[0]), ways
        self.served = set()
        for number in range(DAYS):
            self.live(number)
        # Who paid on the last day is back since then, and billed in the next night.
        self.life.night(self.first + timedelta(days=DAYS))

    def live(self, number):
        life, today = self.life, self.first + timedelta(days=number)
        life.is_broken = number in self.broken
        if number and number not in self.missed:
            life.attempt(life.bill, today)
            life.attempt(life.end_or_dun, today)
        while self.people and self.people[0][0] == number:
            self.act(*self.people.pop(0)[1:], today)
        for invoice in life.unpaid():
            wait = self.ways[life.invoices.index(invoice) % len(self.ways)]
            if wait is not None and invoice.day + timedelta(days=wait) <= today:
                # In two parts: one alone brings nothing back that two have to.
                life.pay(invoice, invoice.left / 2, today)
                life.pay(invoice, invoice.left, today)
        # What is over ends in the next night that runs: days until then are given away.
        if life.contract.state in ("active", "past_due") and not contracts.over(life.contract, today):
            self.served.add(today)

    def act(self, what, price, today):
        life = self.life
        terms = life.terms
        wanted = {
            "dearer": lambda: Terms(terms.price + price, terms.interval, terms.extras),
            "cheaper": lambda: Terms(terms.price / 2, terms.interval, terms.extras),
            "extras": lambda: Terms(terms.price, terms.interval, price / 10),
            "interval": lambda: Terms(terms.price, "year" if terms.interval == "month" else "month", terms.extras),
        }
        names = {"undo": "undo_cancellation"}
        if what in wanted:
            life.attempt(life.change, today, wanted[what]())
        else:
            life.attempt(getattr(life, names.get(what, what)), today)

    @property
    def rows(self):
        return sorted((row for row in self.life.rows if not row.is_void), key=lambda row: row.start)

    def summary(self):
        return self.life.contract.state, [(row.start, row.end, row.total) for row in self.rows]


def check_days(run):
    """Each day with service is billed once, and no two rows share a day or a beginning."""
    rows, last = run.rows, run.first + timedelta(days=DAYS)
    for row, following in zip(rows, rows[1:], strict=False):
        assert row.start < row.end <= following.start
    covered = {row.start + timedelta(days=day) for row in rows for day in range((row.end - row.start).days)}
    lost = {day for day in run.served if day < last} - covered
    assert not lost, f"lost: {sorted(lost)[:3]} of {len(lost)}"
    starts = [row.start for row in run.life.rows]
    assert len(starts) == len(set(starts))


def check_history(run):
    """Each state follows from the one before it."""
    for before, after in zip(run.life.history, run.life.history[1:], strict=False):
        assert before in contracts.TRANSITIONS[after], run.life.history
    assert run.life.contract.state == run.life.history[-1]


def exact_price(run, row):
    """Return what the days of a row cost by the price list, to the fraction: another way than the engine's."""
    changes = [(run.first, run.terms), *run.life.changes]
    cost = Fraction(0)
    for number in range((row.end - row.start).days):
        day = row.start + timedelta(days=number)
        terms = [terms for since, terms in changes if since <= day][-1]
        cost += Fraction(terms.full) / row.days
    return cost


@YEARS
@given(agreements(), OUTAGES, st.lists(NUMBERS, max_size=20), events(PEOPLE), WAYS)
def test_nothing_is_lost_nothing_is_billed_twice(agreement, outages, broken, people, ways):
    run = Run(agreement, outages, broken, people, ways)
    check_days(run)
    check_history(run)


@YEARS
@given(agreements(discounts=False), OUTAGES, st.lists(NUMBERS, max_size=20), events(PEOPLE))
def test_the_sum_is_that_of_the_price_list(agreement, outages, broken, people):
    """However often plan, extras or interval changed and days were given back: a coin per amount that was rounded."""
    run = Run(agreement, outages, broken, people)
    for row in run.rows:
        tolerance = Fraction(run.life.step) * (len(row.lines) + 2)
        assert abs(Fraction(row.total) - exact_price(run, row)) <= tolerance, (row, run.life.changes)
        assert row.total >= 0


@YEARS
@given(agreements(), OUTAGES, st.lists(NUMBERS, max_size=20))
def test_discounts_are_given_for_so_many_periods(agreement, outages, broken):
    run = Run(agreement, outages, broken)
    terms, life = run.terms, run.life
    for place, row in enumerate(run.rows):
        discounted = not terms.discounted or place < terms.discounted
        full = Fraction(terms.full) * (100 - terms.percent if discounted else 100) / 100
        assert abs(Fraction(row.total) - full) <= Fraction(life.step) / 2


@YEARS
@given(
    agreements(discounts=False),
    OUTAGES,
    st.lists(NUMBERS, max_size=20),
    events(["dearer", "cancel_at_end", "undo", "cancel_now", "resume"]),
    st.sampled_from([(0,), (None,)]),
)
def test_late_nights_end_where_daily_nights_end(agreement, outages, broken, people, ways):
    """Who pays at once has the same days and amounts whatever nights were missed; who never pays is off all the same.

    Not among what people do here: what costs less or suspends. It waits for what was billed in advance to be over, and
    late nights have billed less in advance.
    """
    people = people if ways == (0,) else []
    late, daily = Run(agreement, outages, broken, people, ways), Run(agreement, (), (), people, ways)
    if ways == (0,) and not broken:
        assert late.summary() == daily.summary()
    if ways == (None,):
        assert daily.life.contract.state == "expired" == late.life.contract.state
