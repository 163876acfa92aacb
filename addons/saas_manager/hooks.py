"""What Odoo calls when the addon is loaded and before it is removed."""

from odoo.exceptions import UserError

from . import job_runner, pg_login, rpc_guard


def post_load():
    """Guard RPC, let the login outlive a change of its password, and let a second service take the jobs over."""
    rpc_guard.install()
    pg_login.install()
    job_runner.install()


def uninstall_hook(env):
    """Refuse to forget customers who still have a database."""
    alive = env["saas.instance"].search_count([("state", "not in", ("draft", "terminated"))])
    if alive:
        raise UserError(
            env._(
                "%(count)s instances are not terminated. Terminate them before you uninstall the manager.", count=alive
            )
        )
