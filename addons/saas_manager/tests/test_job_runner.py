import time
from types import SimpleNamespace
from unittest.mock import patch

import psycopg2
from psycopg2.errors import QueryCanceled

from odoo.tests import TransactionCase, tagged

from odoo.addons.queue_job.controllers.main import RunJobController
from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.jobrunner import channels, runner
from odoo.addons.saas_manager import job_runner
from odoo.addons.saas_manager.controllers.run_job import RunJob


@tagged("post_install", "-at_install")
class TestJobRunner(TransactionCase):
    """What lets a second manager take over; that it does is shown by tests/e2e/test_two_managers.py."""

    def setUp(self):
        super().setUp()
        job_runner.install()

    def test_installed_once(self):
        before = runner._connection_info_for, channels.ChannelManager.get_wakeup_time
        job_runner.install()
        self.assertEqual((runner._connection_info_for, channels.ChannelManager.get_wakeup_time), before)

    def test_a_silent_session_is_ended(self):
        info = runner._connection_info_for(self.env.cr.dbname)
        connection = psycopg2.connect(**info)
        self.addCleanup(connection.close)
        with connection.cursor() as cr:
            cr.execute("SHOW idle_session_timeout")
            self.assertEqual(cr.fetchone(), (f"{job_runner.SILENCE_SECONDS}s",))

    def test_a_leader_never_sleeps_for_so_long(self):
        manager = channels.ChannelManager()
        manager.simple_configure("root:1")
        self.assertLess(job_runner.WAKE_SECONDS * 2, job_runner.SILENCE_SECONDS)
        for eta in (None, time.time() + 3600):  # nothing to do, or a job that is due in an hour
            if eta:
                manager.notify("db", "root", "uuid", 1, 0, 10, eta, "pending")
                self.assertFalse(list(manager.get_jobs_to_run(time.time())))
            self.assertLessEqual(manager.get_wakeup_time() - time.time(), job_runner.WAKE_SECONDS)

    def test_a_job_that_is_due_earlier_wakes_it(self):
        manager = channels.ChannelManager()
        manager.simple_configure("root:1")
        soon = time.time() + 2
        manager.notify("db", "root", "uuid", 1, 0, 10, soon, "pending")
        self.assertFalse(list(manager.get_jobs_to_run(time.time())))
        self.assertEqual(manager.get_wakeup_time(), soon)


@tagged("post_install", "-at_install")
class TestLostConnection(TransactionCase):
    def _perform(self, error, closed):
        """Let a job meet an error while its connection is closed, or not."""
        cr = SimpleNamespace(_cnx=SimpleNamespace(closed=closed))
        env = SimpleNamespace(cr=cr, _=self.env._)
        with patch.object(RunJobController, "_try_perform_job", side_effect=error):
            RunJob._try_perform_job(env, None)

    def test_a_job_without_its_connection_is_tried_again(self):
        for error in (psycopg2.InterfaceError("connection already closed"), psycopg2.OperationalError("terminating")):
            with self.assertRaisesRegex(RetryableJobError, "PostgreSQL went away.*(closed|terminating)"):
                self._perform(error, closed=2)

    def test_other_faults_stay_what_they_are(self):
        with self.assertRaisesRegex(QueryCanceled, "too long"):
            self._perform(QueryCanceled("too long"), closed=0)
        with self.assertRaisesRegex(ValueError, "wrong"):
            self._perform(ValueError("wrong"), closed=2)
