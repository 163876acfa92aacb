"""Internal users beyond the plan's limit can't sign in, however they came to be: by SQL, or before a smaller plan.

`saas_tenant` refuses them while they are made; what passes it by ends here, out of the tenant's reach. The newest
are the surplus. All that anybody can be signed in by passes one of the five functions that are wrapped: a session's
check (pages, websockets), a sign-in, RPC, RPC's question who one is, and the last step before a route's own code (API
keys). The tenant's database is asked by the cursor at hand, every few seconds at most.
"""

import time
from typing import NamedTuple

import odoo.http
import odoo.service.common
import odoo.service.model
import odoo.service.security
import odoo.sql_db
from odoo.exceptions import AccessDenied

from . import reports, wrapping
from .directory import directory
from .internal_users import FIRST_ADMINISTRATOR, INTERNAL_USERS, choose
from .languages import _, language_of, translate

MAX_AGE = 2  # seconds that an answer is good for
KIND = "surplus_users"
SURPLUS = _(
    "The plan %(plan)s of this site allows %(users)s internal users, and there are more. The newest accounts cannot"
    " sign in, and yours is one of them. Please ask the administrator of this site."
)


class Found(NamedTuple):
    """What one look at a tenant's users found, for a while."""

    until: float
    limit: int
    surplus: frozenset


_found = {}  # a tenant's key -> Found


def surplus(cr):
    """Return the ids of the users who can't sign in now to the database of a cursor.

    :raise DirectoryUnavailable: nothing was ever read
    """
    tenant = directory.tenant_in(cr.dbname)
    limit = tenant.limits.get("max_users") or 0 if tenant else 0
    if limit <= 0:
        if tenant and _found.pop(tenant.key, None):
            reports.tell(tenant.db, KIND, None)
        return frozenset()
    found = _found.get(tenant.key)
    if not found or found.limit != limit or found.until < time.monotonic():
        found = _found[tenant.key] = _look(cr, tenant.db, limit)
    return found.surplus


def last_surplus(database):
    """Return what `surplus` has returned last for a database, without asking it."""
    tenant = directory.tenant_in(database)
    found = _found.get(tenant.key) if tenant else None
    return found.surplus if found else frozenset()


def _look(cr, database, limit):
    cr.execute(INTERNAL_USERS)
    users = [user for (user,) in cr.fetchall()]
    administrator = None
    if len(users) > limit:
        cr.execute(FIRST_ADMINISTRATOR)
        [administrator] = cr.fetchone()
    too_many = choose(users, administrator, limit)
    reports.tell(database, KIND, {"users": len(users), "limit": limit} if too_many else None)
    return Found(time.monotonic() + MAX_AGE, limit, too_many)


def refusal(cr, uid):
    """Return why a user can't sign in, in words, or None if they can."""
    if not uid or uid not in surplus(cr):
        return None
    limits = directory.tenant_in(cr.dbname).limits
    request = odoo.http.request
    language = language_of(request.httprequest.environ if request else {})
    plan = limits.get("plan_name") or limits.get("plan") or ""
    return translate(SURPLUS, language) % {"plan": plan, "users": limits["max_users"]}


def check(cr, uid):
    """Raise AccessDenied, with the reason, for a user who can't sign in."""
    reason = refusal(cr, uid)
    if reason:
        raise AccessDenied(reason)


def _build_check_session(stock):
    def check_session(session, env, *args, **kwargs):
        return not refusal(env.cr, session.uid) and stock(session, env, *args, **kwargs)

    return check_session


def _build_finalize(stock):
    def finalize(self, env):
        check(env.cr, self["pre_uid"])
        return stock(self, env)

    return finalize


def _build_pre_dispatch(stock):
    def pre_dispatch(self, rule, args):
        env = self.request.env
        if env is not None and env.uid:
            check(env.cr, env.uid)
        return stock(self, rule, args)

    return pre_dispatch


def _build_execute(stock):
    def execute_cr(cr, uid, *args, **kwargs):
        check(cr, uid)
        return stock(cr, uid, *args, **kwargs)

    return execute_cr


def _build_authenticate(stock):
    def exp_authenticate(db, *args, **kwargs):
        uid = stock(db, *args, **kwargs)
        if not uid:
            return uid
        with odoo.sql_db.db_connect(db).cursor() as cr:
            return False if refusal(cr, uid) else uid

    return exp_authenticate


def install():
    """Wrap the five functions that everybody who signs in passes."""
    wrapping.replace(odoo.service.security, "check_session", _build_check_session)
    wrapping.replace(odoo.http.Session, "finalize", _build_finalize)
    wrapping.replace(odoo.http.Dispatcher, "pre_dispatch", _build_pre_dispatch)
    wrapping.replace(odoo.service.model, "execute_cr", _build_execute)
    wrapping.replace(odoo.service.common, "exp_authenticate", _build_authenticate)
