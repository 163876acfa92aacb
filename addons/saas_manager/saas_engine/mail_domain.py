"""A tenant's own alias domain: answers go to catchall@ its host, bounces to bounce@ its host.

What Odoo's ORM does when the first `mail.alias.domain` is created, by plain SQL as the tenant's role.
"""

from psycopg2 import sql

PRESENT = "SELECT to_regclass('mail_alias_domain') IS NOT NULL"
CREATE = """
    INSERT INTO mail_alias_domain (name, bounce_alias, catchall_alias, default_from, sequence, create_date, write_date)
    SELECT %s, 'bounce', 'catchall', 'notifications', 10, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
     WHERE NOT EXISTS (SELECT FROM mail_alias_domain)
    RETURNING id
"""
RENAME = "UPDATE mail_alias_domain SET name = %s WHERE name = %s RETURNING id"
ASSIGN = "UPDATE {} SET alias_domain_id = %s WHERE alias_domain_id IS NULL"
NAME_ALIASES = """
    UPDATE mail_alias a SET alias_full_name = a.alias_name || '@' || d.name
      FROM mail_alias_domain d WHERE d.id = a.alias_domain_id AND d.id = %s AND a.alias_name <> ''
"""


def create(cr, host):
    """Give companies and aliases a domain, unless the database has one already."""
    domain = _run(cr, CREATE, [host])
    if domain:
        for table in ("res_company", "mail_alias"):
            cr.execute(sql.SQL(ASSIGN).format(sql.Identifier(table)), [domain])
        cr.execute(NAME_ALIASES, [domain])


def rename(cr, former, host):
    """Let the domain that was a former host follow to the new one. One that the tenant chose itself stays."""
    domain = _run(cr, RENAME, [host, former])
    if domain:
        cr.execute(NAME_ALIASES, [domain])


def _run(cr, statement, parameters):
    cr.execute(PRESENT)
    if not cr.fetchone()[0]:
        return None
    cr.execute(statement, parameters)
    row = cr.fetchone()
    return row and row[0]
