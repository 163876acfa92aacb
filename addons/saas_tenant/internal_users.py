"""Who counts as an internal user: what the plan of a tenant limits."""

# The gateway and the manager have the same text; a unit test holds them together. Groups count besides `share`, which
# anybody with access to users can write. Group 1 is "Employee" in every database of Odoo's.
INTERNAL_USERS = """
    WITH RECURSIVE internal (gid) AS (
        SELECT 1
        UNION SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'group_user' AND model = 'res.groups'
        UNION SELECT r.gid FROM res_groups_implied_rel r JOIN internal i ON r.hid = i.gid
    )
    SELECT u.id FROM res_users u
     WHERE u.active AND (u.share IS NOT TRUE
        OR EXISTS (SELECT FROM res_groups_users_rel r JOIN internal i ON i.gid = r.gid WHERE r.uid = u.id))"""

# Whoever adds a user changes this row. Two who do it at once can't both see one place left: PostgreSQL tells the second
# that what it has read is outdated, and Odoo begins its request again.
TAKE_TURNS = "UPDATE res_groups SET write_date = write_date WHERE id = 1"


def find(cr):
    """Return the ids of the internal users, as a set."""
    cr.execute(INTERNAL_USERS)
    return {user for (user,) in cr.fetchall()}
