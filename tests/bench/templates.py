"""The templates that are measured: built if need be, and with a pool of a known size."""

import contextlib

BUILD_SECONDS = 1200
FIELDS = ["name", "modules", "database", "state", "build_error"]
POOL_FIELDS = ["has_pool", "pool_min"]


def get(demo, code):
    """Return a template as a dict, built."""
    template = _read(demo, code)
    if not template["database"]:
        print(f"building {template['name']} …", flush=True)
        demo.manager.call("saas.template", "action_build", [template["id"]])
        ended = lambda now: now["state"] in ("ready", "failed")  # noqa: E731
        template = demo.wait_for(lambda: _read(demo, code), ended, BUILD_SECONDS, step=1)
    assert template["state"] == "ready", template["build_error"]
    return template


def _read(demo, code):
    [template] = demo.manager.call("saas.template", "search_read", [("code", "=", code)], FIELDS)
    return template


@contextlib.contextmanager
def pool(demo, template, size):
    """Let so many clones of a template wait: 0 means that every instance is cloned for itself."""
    ids = [template["id"]]
    [before] = demo.manager.call("saas.template", "read", ids, POOL_FIELDS)
    demo.manager.call("saas.template", "write", ids, {"has_pool": bool(size), "pool_min": size})
    wait_for_clones(demo, template, size)
    try:
        yield
    finally:
        demo.manager.call("saas.template", "write", ids, {name: before[name] for name in POOL_FIELDS})


def wait_for_clones(demo, template, size):
    """Wait until so many clones wait and none is being made, or, where there is to be none, until none does.

    A clone that is made takes a core and the disk: who comes in a quiet hour has both.
    """
    mine = [("template_id", "=", template["id"])]
    count = lambda state: demo.manager.call("saas.pool.clone", "search_count", [*mine, ("state", "=", state)])  # noqa: E731
    full = lambda found: found["ready"] >= size and not found["filling"] if size else not found["ready"]  # noqa: E731
    demo.wait_for(lambda: {state: count(state) for state in ("ready", "filling")}, full, seconds=120, step=0.1)
