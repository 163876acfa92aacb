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
    """Wait until so many clones wait, or, where there is to be none, until none does."""
    ready = [("template_id", "=", template["id"]), ("state", "=", "ready")]
    count = lambda: demo.manager.call("saas.pool.clone", "search_count", ready)  # noqa: E731
    demo.wait_for(count, lambda number: number >= size if size else number == 0, seconds=120, step=0.1)
