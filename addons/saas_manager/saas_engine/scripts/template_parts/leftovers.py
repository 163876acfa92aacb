"""What must not be in every clone: passwords, traces of the build, work that would be done again."""

TABLES = ("ir_cron_trigger", "ir_cron_progress", "mail_mail", "bus_bus", "res_users_log", "ir_logging")


def remove(env):
    """No password that anybody knows, no work that every clone would do again, no job that runs in the template."""
    env.flush_all()
    env.cr.execute("UPDATE res_users SET password = NULL WHERE password IS NOT NULL")
    for table in TABLES:
        env.cr.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        if env.cr.fetchone()[0]:
            env.cr.execute(f"DELETE FROM {table}")  # noqa: S608 - one of the names above
    env.cr.execute("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '1 day'")


def remove_files(env):
    """No files that nobody needs any more (older bundles, pictures that were tried): each clone would copy them."""
    env["ir.attachment"]._gc_file_store()  # commits
