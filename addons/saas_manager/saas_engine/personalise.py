"""Turn a fresh clone into its customer's database, by plain SQL as the tenant's role (20 ms; the ORM takes seconds).

Never as the manager: whatever the database contains, it runs with its own tenant's rights only.

`report.url` is left alone: Odoo then fetches a report's assets by the public address, where they are found.
"""

import random
import uuid
from datetime import UTC, datetime

from psycopg2 import sql

from . import mail_domain
from .errors import EngineError

MARK = "saas.key"
# What the build of a template, or a template's own tests, may have left behind.
LEFTOVERS = """
    bus_bus bus_presence ir_cron_progress ir_cron_trigger ir_logging ir_profile mail_mail mail_presence queue_job
    res_device_log res_users_apikeys res_users_log sms_sms
""".split()  # noqa: SIM905 - a list of words reads better than a list of strings

PRESENT = "SELECT relname FROM pg_class WHERE relname = ANY (%s) AND relkind = 'r' AND pg_table_is_visible(oid)"

# Clones of one template would all be due in the same second. One offset for all jobs of a tenant: its hourly ones then
# share one visit (and one registry), and the daily ones join it at some hour of the day.
SPREAD_CRONS = """
    UPDATE ir_cron SET nextcall = date_trunc('second', now() AT TIME ZONE 'UTC'
        + %(offset)s * CASE interval_type WHEN 'minutes' THEN interval_number * interval '1 minute'
                                          ELSE interval '1 hour' END
        + %(hour)s * CASE WHEN interval_type IN ('minutes', 'hours') THEN interval '0' ELSE interval '1 hour' END)
"""
ADMIN = """
    SELECT u.id, u.partner_id FROM ir_model_data d JOIN res_users u ON u.id = d.res_id
    WHERE d.module = 'base' AND d.name = 'user_admin' AND d.model = 'res.users'
"""
MAIN_COMPANY = """
    SELECT c.id, c.partner_id FROM ir_model_data d JOIN res_company c ON c.id = d.res_id
    WHERE d.module = 'base' AND d.name = 'main_company' AND d.model = 'res.company'
"""


def personalise(connection, spec):
    """Give a clone its own identity, address, company and administrator, all in one transaction.

    Does nothing to a database that this tenant was given before: by then its identity is known outside.

    :param connection: autocommit, to the tenant's database, logged in as the tenant
    :param TenantSpec spec: who the customer is
    """
    with connection, connection.cursor() as cr:
        if parameter(cr, MARK) == spec.key:
            return
        set_identity(cr)
        set_address(cr, spec.url)
        if spec.has_mail_domain:
            mail_domain.create(cr, spec.host)
        _set_company(cr, spec)
        _set_administrator(cr, spec)
        clear(cr, LEFTOVERS)
        cr.execute(SPREAD_CRONS, {"offset": random.random(), "hour": random.randrange(1, 24)})  # noqa: S311 - no secret
        set_parameter(cr, MARK, spec.key)


def stored_files(connection):
    """Return the paths of the files that a database keeps in its folder."""
    with connection.cursor() as cr:
        cr.execute("SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL ORDER BY 1")
        return [name for (name,) in cr.fetchall()]


def parameter(cr, key):
    """Return a system parameter's value, or None."""
    cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [key])
    row = cr.fetchone()
    return row[0] if row else None


def set_parameter(cr, key, value):
    """Set a system parameter, whether it exists or not."""
    cr.execute("UPDATE ir_config_parameter SET value = %s WHERE key = %s", [value, key])
    if not cr.rowcount:
        cr.execute("INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)", [key, value])


def set_address(cr, url):
    """Freeze the public address, or Odoo would take it from whatever an administrator's browser shows."""
    set_parameter(cr, "web.base.url", url)
    set_parameter(cr, "web.base.url.freeze", "True")


def set_identity(cr):
    """Make a clone a database of its own, in which sessions and signatures of its source are worth nothing."""
    set_parameter(cr, "database.uuid", str(uuid.uuid4()))
    set_parameter(cr, "database.secret", str(uuid.uuid4()))
    set_parameter(cr, "database.create_date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"))


def _set_company(cr, spec):
    company, partner = _one(cr, MAIN_COMPANY, "main company")
    name, email = spec.company_name, spec.admin_email
    _update(cr, "res_company", company, {"name": name, "email": email})
    _update(cr, "res_partner", partner, {**_partner_values(name, email), "commercial_company_name": name})


def _set_administrator(cr, spec):
    user, partner = _one(cr, ADMIN, "administrator")
    name = spec.admin_name or spec.admin_email
    values = {**_partner_values(name, spec.admin_email), "tz": spec.tz, "lang": _active_language(cr, spec.lang)}
    _update(cr, "res_partner", partner, values)
    # Nobody knows a password until the customer sets one by the welcome link.
    cr.execute("UPDATE res_users SET login = %s, password = NULL WHERE id = %s", [spec.admin_email, user])
    _update(cr, "res_users", user, {"signature": f"<div>{_escaped(name)}</div>" if name else ""})


def _partner_values(name, email):
    """Return a partner's name and e-mail with the stored fields that Odoo computes from them."""
    return {"name": name, "complete_name": name, "email": email, "email_normalized": email.strip().lower()}


def _active_language(cr, lang):
    cr.execute("SELECT code FROM res_lang WHERE code = %s AND active", [lang])
    row = cr.fetchone()
    return row[0] if row else ""


def clear(cr, tables):
    """Empty those of these tables that are there."""
    cr.execute(PRESENT, [tables])
    for (table,) in cr.fetchall():
        cr.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


def _update(cr, table, record, values):
    """Write the values that are not empty into the columns that this template has (modules and series differ)."""
    cr.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attname = ANY (%s) AND NOT attisdropped",
        [table, list(values)],
    )
    columns = [name for (name,) in cr.fetchall() if values[name]]
    if columns:
        pairs = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns)
        statement = sql.SQL("UPDATE {} SET {} WHERE id = %s").format(sql.Identifier(table), pairs)
        cr.execute(statement, [*(values[name] for name in columns), record])


def _one(cr, query, what):
    cr.execute(query)
    row = cr.fetchone()
    if row is None:
        raise EngineError(f"The template has no {what}.")
    return row


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
