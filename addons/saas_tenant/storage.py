"""How full this tenant's storage is, and whether it takes one file more.

The manager measures database and files now and then, and publishes what it found; what was stored since is added here.
People's files are refused beyond the limit. What Odoo makes by itself (assets, documents, mails that arrive) is not.
"""

import contextlib
from datetime import datetime
from typing import NamedTuple

from odoo import SUPERUSER_ID
from odoo.exceptions import UserError
from odoo.tools.misc import formatLang

from . import gateway, policy

MEGABYTE = 2**20
NEAR, NEARLY_FULL, FULL = 80, 95, 100  # percent
# Kept with the cursor, where no client can put anything.
EXEMPT, TRANSACTION = "saas_storage_exempt", "saas_storage"
# What a report becomes: printed, and for machines to read.
DOCUMENT_STARTS = (b"%PDF", b"<?xml")
STORED_SINCE = """
    SELECT coalesce(sum(size), 0)::bigint
      FROM (SELECT max(file_size) AS size FROM ir_attachment WHERE create_date > %s GROUP BY checksum) AS contents"""


class Use(NamedTuple):
    """How much is in use, and how much may be, in bytes. A limit of 0 is none."""

    used: int
    limit: int
    measured_at: datetime | None

    @property
    def percent(self):
        return 100 * self.used / self.limit if self.limit else 0


def use_of(env):
    """Return the use of this database: what was measured and what was stored since."""
    measured_at, used = _measured(env)
    return Use(used + _stored_since(env, measured_at), _limit(env), measured_at)


def check(env, data):
    """Refuse a file that a person brings, if there is no room for it.

    :param bytes data: its content
    :raise UserError: says what is in use, and whom to ask
    """
    limit = _limit(env)
    if not limit or not data or _is_own(env, data):
        return
    measured_at, used = _measured(env)
    # One transaction may bring a thousand files: it asks the table once.
    stored = _transaction(env)["stored"]
    if measured_at not in stored:
        stored[measured_at] = _stored_since(env, measured_at)
    if used + stored[measured_at] + len(data) > limit:
        raise UserError(_refusal(env, use_of(env)))
    stored[measured_at] += len(data)


def check_again(env):
    """Forget what `check` has counted in this transaction: it was a look ahead, and nothing is stored yet."""
    _transaction(env)["stored"].clear()


@contextlib.contextmanager
def exempt(env):
    """Let whatever is stored meanwhile in: Odoo itself makes it."""
    cache = env.cr.cache
    cache[EXEMPT] = cache.get(EXEMPT, 0) + 1
    try:
        yield
    finally:
        cache[EXEMPT] -= 1


def let_documents_in(env):
    """Let documents in until the transaction ends: it has just made one, and an app may keep it elsewhere."""
    _transaction(env)["documents"] = True


def let_in(env, content):
    """Let one content in until the transaction ends: Odoo has made it itself.

    :param bytes content: small
    """
    _transaction(env)["contents"].add(content)


def format_size(env, size):
    """Return a number of bytes for people."""
    megabytes = size / MEGABYTE
    if megabytes < 1000:
        return env._("%(size)s MB", size=formatLang(env, megabytes, digits=0 if megabytes >= 10 else 1))
    return env._("%(size)s GB", size=formatLang(env, megabytes / 1024, digits=1))


def _limit(env):
    return int(gateway.limits_of(env).get("max_storage_mb") or 0) * MEGABYTE


def _measured(env):
    found = gateway.notices_of(env).get("storage") or {}
    at = found.get("measured_at")
    return datetime.fromisoformat(at) if at else None, int(found.get("used_mb", 0) * MEGABYTE)


def _stored_since(env, moment):
    env["ir.attachment"].flush_model(["file_size", "checksum"])
    env.cr.execute(STORED_SINCE, [moment or datetime.min])
    return env.cr.fetchone()[0]


def _is_own(env, data):
    """Tell whether Odoo itself brings this content, and no person."""
    if env.uid == SUPERUSER_ID or not env.registry.ready or policy.is_command():
        return True  # bundles of assets, modules that are installed, commands of the operator
    known = _transaction(env)
    if env.cr.cache.get(EXEMPT) or bytes(data) in known["contents"]:
        return True
    return known["documents"] and bytes(data[:5]).startswith(DOCUMENT_STARTS)


def _transaction(env):
    """Return what is remembered until this transaction ends, or is tried again."""
    cache = env.cr.cache
    if TRANSACTION not in cache:
        cache[TRANSACTION] = {"stored": {}, "documents": False, "contents": set()}
        for hooks in (env.cr.postcommit, env.cr.postrollback):
            hooks.add(lambda: cache.pop(TRANSACTION, None))
    return cache[TRANSACTION]


def _refusal(env, use):
    """Return in words why a file is refused: to people of the site everything, to strangers that it is."""
    if not env.user._is_internal():
        return env._("Files can't be sent here at the moment. Please tell the people of this site another way.")
    return env._(
        "This file can't be stored: the plan %(plan)s has %(limit)s of storage, and %(used)s of it are in use. Delete"
        " what is not needed any more, or ask %(contact)s for a larger plan.",
        plan=gateway.plan_of(env),
        limit=format_size(env, use.limit),
        used=format_size(env, use.used),
        contact=gateway.contact_of(env),
    )
