# Read by Odoo's shell, which provides `env`; VALUES comes in front of it (stack/full_demo.py).
# The demo's customers were all made a minute ago. A business has a history, and plots need one.
from datetime import timedelta

from odoo.tools import SQL

ENDINGS = ("terminating", "backup", "terminated")
# What a contract has done to its instance has its date already.
RECENT = SQL("create_date > now() AT TIME ZONE 'UTC' - interval '1 day'")


def backdate(instance, days, end_days):
    """Move an instance and all that belongs to it into the past, unless that was done.

    :param days: how long ago it was requested
    :param end_days: how long ago it was suspended or terminated
    :return: whether anything was moved
    """
    if instance.create_date < env.cr.now() - timedelta(days=days - 0.5):  # noqa: F821
        return False
    itself, its_own = SQL("id = %s", instance.id), SQL("instance_id = %s", instance.id)
    move("saas_instance", ["create_date", "requested_at", "provisioned_at", "welcome_sent_at"], days, itself)
    if instance.state == "terminated":
        move("saas_instance", ["deletion_date"], end_days, itself)
    move("saas_instance_step", ["started_at"], days, its_own)
    move("saas_backup", ["create_date"], end_days, its_own)
    move("saas_event", ["create_date"], days, SQL("%s AND %s AND kind NOT IN %s", RECENT, its_own, ENDINGS))
    move("saas_event", ["create_date"], end_days, SQL("%s AND %s AND kind IN %s", RECENT, its_own, ENDINGS))
    chatter = SQL("%s AND model = 'saas.instance' AND res_id = %s", RECENT, instance.id)
    move("mail_message", ["date", "create_date"], days, chatter)
    move("res_partner", ["create_date"], days, SQL("id = %s", instance.partner_id.id))
    return True


def move(table, columns, days, condition):
    """Subtract days from the dates of a table's rows."""
    names = [SQL.identifier(column) for column in columns]
    changes = SQL(", ").join(SQL("%s = %s - %s * interval '1 day'", name, name, days) for name in names)
    env.cr.execute(SQL("UPDATE %s SET %s WHERE %s", SQL.identifier(table), changes, condition))  # noqa: F821


def put_events_in_order():
    """Give the events new ids in the order of their dates: a timeline is read by id."""
    stored = [name for name, field in env["saas.event"]._fields.items() if field.store and name != "id"]  # noqa: F821
    names = SQL(", ").join(map(SQL.identifier, stored))
    env.cr.execute(  # noqa: F821
        SQL(
            """WITH moved AS (DELETE FROM saas_event RETURNING *)
               INSERT INTO saas_event (%s) SELECT %s FROM moved ORDER BY create_date, id""",
            names,
            names,
        )
    )


env.flush_all()  # noqa: F821
instances = env["saas.instance"]  # noqa: F821
if any([backdate(instances.browse(row["instance"]), row["days"], row["end_days"]) for row in VALUES]):  # noqa: F821
    put_events_in_order()
env.cr.commit()  # noqa: F821
