"""Every request is admitted and counted by the rules of `shares.py`."""

import os

from werkzeug.wsgi import ClosingIterator

import odoo.service.server
from odoo.modules.registry import Registry

from . import wrapping
from .shares import Board, Share

SMALL = 1 << 17  # bytes that the system takes off a worker's hands, however slowly the client reads
SPARE = 8  # slots beside two for each worker: an old and a new generation may overlap

_state = {"board": None, "share": None}


def admits(tenant):
    """Tell whether a request of the tenant may be taken now by this process.

    :param tenant: from the directory
    """
    return _state["share"] is None or _state["share"].admits(_number(tenant))


def serve(tenant, call, application, environ, start_response):
    """Have Odoo answer a request that was admitted, and count it until its answer is sent, or is as good as sent."""
    share, length = _state["share"], ""
    if share is None:
        return call(application, environ, start_response)

    def start_and_look(status, headers, *exc_info):
        nonlocal length
        length = dict(headers).get("Content-Length", "")  # in another spelling it counts as unknown
        return start_response(status, headers, *exc_info)

    share.begin(_number(tenant))
    try:
        answer = call(application, environ, start_and_look)
    except BaseException:
        share.end()
        raise
    if length.isdecimal() and int(length) <= SMALL:
        # Nobody waits for it to be read. Who has it may come again before this process could say that it is done.
        share.end()
        return answer
    return ClosingIterator(answer, share.end)


def _number(tenant):
    return int(tenant.key[:16], 16)


def _build_init(init):
    def __init__(worker, multi):
        """Take a free slot, in the process that is about to be forked: the worker inherits it."""
        init(worker, multi)
        if _state["board"] is None:
            _state["board"] = Board(2 * multi.population + SPARE)
        taken = {getattr(other, "share_slot", None) for other in multi.workers_http.values()}
        free = [number for number in range(_state["board"].slots) if number not in taken]
        worker.share_slot = free[0] if free else None
        _state["share"] = Share(_state["board"], free[0], multi.population) if free else None

    return __init__


def _build_new(new):
    def new_uncounted(cls, db_name, *args, **options):
        # All requests of a first page meet a cold registry at once. An installation of apps is the tenant's doing.
        share = None if args or options else _state["share"]
        if share is None or not share.is_at_work:
            return new(db_name, *args, **options)
        share.pause()
        try:
            return new(db_name)
        finally:
            share.resume()

    return classmethod(new_uncounted)


def install():
    """Wrap the making of workers that serve requests (the evented process has none), and of registries.

    In a service of a tenant's own nobody waits but the tenant.
    """
    if os.environ.get("SAAS_DEDICATED") == "1":
        return
    wrapping.replace(odoo.service.server.WorkerHTTP, "__init__", _build_init)
    wrapping.replace(Registry, "new", _build_new)
