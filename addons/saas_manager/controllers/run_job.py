import psycopg2

from odoo.addons.queue_job.controllers.main import RunJobController
from odoo.addons.queue_job.exception import RetryableJobError

SECONDS = 10


class RunJob(RunJobController):
    """Jobs in whose middle PostgreSQL was restarted.

    queue_job would write down that they have failed, if the server is back by then. Each of ours may run twice, and
    what it had not committed is gone: time heals it.
    """

    @classmethod
    def _try_perform_job(cls, env, job):
        """Override of `_try_perform_job` to try a job again that has lost its connection."""
        try:
            return super()._try_perform_job(env, job)
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            if not env.cr._cnx.closed:
                raise
            message = env._("PostgreSQL went away while the job was at work: %(reason)s", reason=error)
            raise RetryableJobError(message, seconds=SECONDS) from error
