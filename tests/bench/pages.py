"""The backend with many instances: how long a list, a form and the dashboard take."""

import time
import uuid

EVENTS_PER_INSTANCE = 100

LIST_FIELDS = [
    *("name", "url", "partner_id", "template_id", "plan_id"),
    *("server_id", "provisioned_at", "provision_seconds", "state", "company_id"),
]
FORM_FIELDS = [*LIST_FIELDS, *("subdomain", "subdomain_hint", "step_ids", "event_ids", "backup_count", "job_count")]


def measure(demo, count, rounds=15):
    """Return pairs of a page's name and its seconds per request, RPC and proxy included.

    The instances are drafts: they cost no database.
    """
    drafts = _create(demo, count)
    try:
        _add_events(demo, drafts)
        return [_list(demo, drafts, rounds), _form(demo, drafts, rounds), _dashboard(demo, rounds)]
    finally:
        demo.manager.call("saas.instance", "unlink", drafts)


def _create(demo, count):
    partner = demo.manager.call("res.partner", "create", {"name": "Bench", "email": "bench@example.com"})
    batch = uuid.uuid4().hex[:8]
    values = [
        {"name": f"Bench {number}", "subdomain": f"p{batch}-{number}", "partner_id": partner} for number in range(count)
    ]
    return demo.manager.call("saas.instance", "create", values)


def _add_events(demo, drafts):
    """Give each instance a history. By SQL: no role may add events. They go with their instances."""
    with demo.superuser(demo.description["manager"]["database"]) as cr:
        cr.execute(
            """INSERT INTO saas_event (kind, level, message, instance_id, company_id, create_date)
            SELECT 'note', 'info', 'Bench', i.id, i.company_id, now() at time zone 'UTC'
            FROM saas_instance i, generate_series(1, %s) WHERE i.id = ANY(%s)""",
            [EVENTS_PER_INSTANCE, drafts],
        )


def _list(demo, drafts, rounds):
    """A page of 80 rows, as the web client asks for it, with the total."""

    def read(domain):
        specification = {name: {} for name in LIST_FIELDS}
        return demo.manager.call("saas.instance", "web_search_read", domain, specification, limit=80)

    everything = [("id", "in", drafts)]
    return "list", [_time(lambda: read(everything)) for _round in range(rounds)]


def _form(demo, drafts, rounds):
    specification = {name: {} for name in FORM_FIELDS}

    def read():
        return demo.manager.call("saas.instance", "web_read", drafts[:1], specification)

    return "form", [_time(read) for _round in range(rounds)]


def _dashboard(demo, rounds):
    return "dashboard", [_time(lambda: demo.manager.call("saas.dashboard", "get_data")) for _round in range(rounds)]


def _time(work):
    start = time.monotonic()
    work()
    return time.monotonic() - start
