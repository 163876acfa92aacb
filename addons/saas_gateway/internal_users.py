"""Who counts as an internal user, and who of them is too much for a plan. Imports nothing of Odoo's."""

# The same text is in saas_tenant and in saas_engine/measure.py; a unit test holds them together. Groups count besides
# `share`, which anybody with access to users can write. Group 1 is "Employee" in every database of Odoo's.
INTERNAL_USERS = """
    WITH RECURSIVE internal (gid) AS (
        SELECT 1
        UNION SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'group_user' AND model = 'res.groups'
        UNION SELECT r.gid FROM res_groups_implied_rel r JOIN internal i ON r.hid = i.gid
    )
    SELECT u.id FROM res_users u
     WHERE u.active AND (u.share IS NOT TRUE
        OR EXISTS (SELECT FROM res_groups_users_rel r JOIN internal i ON i.gid = r.gid WHERE r.uid = u.id))"""
FIRST_ADMINISTRATOR = """
    WITH RECURSIVE system (gid) AS (
        SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'group_system' AND model = 'res.groups'
        UNION SELECT r.gid FROM res_groups_implied_rel r JOIN system s ON r.hid = s.gid
    )
    SELECT min(u.id) FROM res_users u JOIN res_groups_users_rel r ON r.uid = u.id JOIN system s ON s.gid = r.gid
     WHERE u.active"""


def choose(users, administrator, limit):
    """Return who is too much: the newest, by id, but never the first administrator, who has to put it right.

    :param users: ids of the internal users
    :param administrator: id of the first administrator, None if there is none
    :param int limit: how many may sign in; 0 or less: all
    """
    if limit <= 0 or len(users) <= limit:
        return frozenset()
    by_age = sorted(users, key=lambda user: (user != administrator, user))
    return frozenset(by_age[limit:])
