import dataclasses
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine.errors import NotOwnerError, RetryableError
from odoo.addons.saas_manager.saas_engine.reality import Reality

from .reconcile_common import ReconcileCase

ORPHAN = "f" * 32


@tagged("post_install", "-at_install")
class TestReconcile(ReconcileCase, TransactionCase):
    def _spoil(self, **changes):
        self.found = dataclasses.replace(self.found, **changes)

    def _spoil_role(self):
        self._spoil(roles={**self.found.roles, ORPHAN: {}})

    def test_nothing_differs(self):
        self._reconcile()
        run = self.env["saas.reconciliation"].search([("server_id", "=", self.server.id)])
        self.assertEqual((len(run), run.result, run.finding_count, run.is_dry_run), (1, "same", 0, False))
        self.assertGreaterEqual(run.record_count, 1)
        self.assertFalse(self._lines())

    def test_what_is_safe_is_repaired(self):
        self._spoil(entries={})
        self._reconcile()
        line = self._lines()
        self.assertEqual(
            (line.kind, line.fix, line.state, line.instance_id), ("entry_missing", "publish", "fixing", self.instance)
        )
        self.assertTrue(self._jobs(line, "_job_fix"))
        line._job_fix()
        spec, state, reason, redirects = self.provisioner.publish.call_args.args
        self.assertEqual((spec.key, state, reason, redirects), (self.instance._key, "active", "", {}))
        self.assertEqual((line.state, line.is_open), ("fixed", False))
        self.assertIn("It was not as recorded", self.instance.event_ids[:1].message)
        self.assertFalse(self.server.activity_ids, "nobody has to do anything")

    def test_one_look_is_not_enough(self):
        """A job that was at work between two looks is no difference."""
        self._spoil(entries={})
        self.server._job_reconcile()
        self.assertFalse(self._lines())
        [job] = self._jobs(self.server, "_job_reconcile")
        self.assertEqual(job.args, [[["entry_missing", self.instance._get_host()]]])
        self.found = self._get_reality(self.instance)
        self.server._job_reconcile(*job.args)
        self.assertFalse(self._lines())
        self.assertEqual(self.server.reconciliation_ids[:1].result, "same")

    def test_suspended_in_the_record_and_active_in_the_directory(self):
        self.instance.action_suspend("unpaid")
        self._jobs(self.instance, "_job_publish_state").unlink()
        self._reconcile()
        [line] = self._lines()
        self.assertEqual((line.kind, line.fix), ("entry_differs", "publish"))
        self.assertIn("state=suspended", line.recorded)
        self.assertIn("state=active", line.real)
        line._job_fix()
        self.assertEqual(self.provisioner.publish.call_args.args[1:3], ("suspended", "unpaid"))

    def test_an_instance_that_a_job_is_at_work_on_is_left_alone(self):
        self.instance.action_suspend("unpaid")
        self.assertTrue(self._jobs(self.instance, "_job_publish_state"))
        self._reconcile()
        self.assertFalse(self._lines())
        for values in ({"rename_to": "elsewhere"}, {"state": "provisioning"}, {"state": "queued"}):
            self._jobs(self.instance, "_job_publish_state").unlink()
            self._activate(self.instance)
            self.instance._write_protected({"rename_to": False, **values})
            self._spoil(entries={})
            with self.subTest(values):
                self._reconcile()
                self.assertFalse(self._lines())

    def test_what_healed_before_the_job_is_over(self):
        self._spoil(roles={})
        self._reconcile()
        line = self._lines()
        self.found = self._get_reality(self.instance)
        line._job_fix()
        self.assertEqual(line.state, "over")
        self.provisioner.put_role_back.assert_not_called()

    def test_a_role_is_put_back(self):
        self._spoil(roles={self.instance._key: {"statement_timeout": "0"}})
        self._reconcile()
        line = self._lines()
        line._job_fix()
        [spec] = self.provisioner.put_role_back.call_args.args
        self.assertEqual((line.kind, spec.key), ("role_differs", self.instance._key))

    # === FOR PEOPLE === #

    def test_what_needs_a_person_is_an_activity_until_it_is_over(self):
        self._spoil_role()
        for _hour in range(2):
            self._reconcile()
        line = self._lines()
        self.assertEqual((len(line), line.kind, line.state), (1, "role_orphan", "open"))
        administrators = self.server._get_failure_users()
        self.assertEqual(self.server.activity_ids.user_id, administrators)
        self.assertEqual(len(self.server.activity_ids), len(administrators))
        self.found = self._get_reality(self.instance)
        self._reconcile()
        self.assertEqual(line.state, "over")
        self.assertFalse(self.server.activity_ids)

    def test_ignored_is_told_to_nobody(self):
        self._spoil_role()
        self._reconcile()
        line = self._lines()
        line.with_user(self.manager).action_ignore()
        self.assertFalse(self.server.activity_ids)
        self._reconcile()
        self.assertEqual((self._lines(), line.state), (line, "ignored"))
        line.with_user(self.manager).action_reopen()
        self._reconcile()
        self.assertTrue(self.server.activity_ids)

    def test_a_fix_that_fails_is_told_and_tried_again(self):
        self._spoil(entries={})
        self._reconcile()
        line = self._lines()
        self._fail_job(self._jobs(line, "_job_fix"), "The directory is away")
        self.assertEqual((line.state, line.failure), ("failed", "The directory is away"))
        self.assertTrue(self.server.activity_ids)
        self._reconcile()
        self.assertEqual(line.state, "fixing")
        line._job_fix()
        self.assertEqual(line.state, "fixed")
        self.assertFalse(self.server.activity_ids)

    def test_a_fix_whose_job_was_deleted_begins_again(self):
        self._spoil(entries={})
        self._reconcile()
        line = self._lines()
        self._reconcile()
        self.assertEqual(len(self._jobs(line, "_job_fix")), 1)
        self._jobs(line, "_job_fix").unlink()
        self._reconcile()
        self.assertEqual((line.state, len(self._jobs(line, "_job_fix"))), ("fixing", 1))
        self._jobs(line, "_job_fix").unlink()
        self.found = self._get_reality(self.instance)
        self._reconcile()
        self.assertEqual(line.state, "over")

    def test_a_draft_waits_for_an_hour(self):
        draft = dataclasses.replace(
            self.found.databases[self.instance._key][0], name=f"new_{ORPHAN}", comment=f"saas:{ORPHAN}"
        )
        self._spoil(databases={**self.found.databases, ORPHAN: [draft]})
        self._reconcile()
        line = self._lines()
        self.assertEqual((line.kind, line.state), ("draft", "open"))
        self.assertFalse(self._jobs(line, "_job_fix"))
        self.assertFalse(self.server.activity_ids, "it goes by itself")
        line.first_seen = fields.Datetime.now() - timedelta(hours=2)
        self._reconcile()
        self.assertEqual(line.state, "fixing")

    # === DRY RUN === #

    def test_a_dry_run_changes_nothing(self):
        self._spoil(entries={}, roles={**self.found.roles, ORPHAN: {}})
        action = self.server.with_user(self.manager).action_check_now()
        run = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual((run.is_dry_run, run.finding_count, run.safe_count, run.manual_count), (True, 2, 1, 1))
        self.assertEqual(run.user_id, self.manager)
        self.assertEqual(set(run.line_ids.mapped("state")), {"preview"})
        self.assertEqual(
            dict(run.line_ids.mapped(lambda line: (line.kind, line.is_safe))),
            {"entry_missing": True, "role_orphan": False},
        )
        self.assertFalse(self.env["queue.job"].search([("model_name", "=", run.line_ids._name)]))
        self.assertFalse(self.server.activity_ids)
        self.assertEqual([call[0] for call in self.cluster.mock_calls + self.provisioner.mock_calls], [])
        run.with_user(self.manager).action_repair()
        self.assertTrue(self._jobs(self.server, "_job_reconcile"))

    def test_a_server_that_is_away_or_anothers(self):
        for error in (RetryableError("Connection refused"), NotOwnerError("belongs to another manager")):
            with self.subTest(error), patch.object(type(self.server), "_find_differences", side_effect=error):
                self._spoil(entries={})
                self._reconcile()
                run = self.env["saas.reconciliation"].search([("server_id", "=", self.server.id)], limit=1)
                self.assertEqual((run.result, run.problem), ("failed", str(error)))
        self.assertFalse(self._lines())

    # === JOBS AND ACCESS === #

    def test_the_cron_queues_each_server_once(self):
        other = self.server.copy({"name": "Other"})
        for _hour in range(2):
            self.env["saas.server"]._cron_reconcile()
        for server in self.server, other:
            self.assertEqual(len(self._jobs(server, "_job_reconcile")), 1)

    def test_two_at_once_are_one(self):
        with self.env.registry.cursor() as cr:
            cr.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"saas:server:{self.server.id}"])
            self.assertIn("another reconciliation", self.server._job_reconcile())
        self.assertFalse(self.server.reconciliation_ids)
        self.server._job_reconcile()
        self.assertTrue(self.server.reconciliation_ids)

    def test_managers_reconcile_and_users_look(self):
        self._spoil_role()
        self._reconcile()
        line = self._lines()
        self.assertEqual(line.with_user(self.user).name, line.name)
        self.assertEqual(self.server.with_user(self.user).difference_count, 1)
        for action in (
            lambda: self.server.with_user(self.user).action_check_now(),
            lambda: self.server.with_user(self.user).action_reconcile(),
            lambda: line.with_user(self.user).action_fix(),
            lambda: line.with_user(self.user).action_ignore(),
            lambda: line.with_user(self.manager).write({"state": "fixed"}),
            lambda: line.with_user(self.manager).action_fix(),  # it drops: the administrators' alone
        ):
            with self.assertRaises(AccessError):
                action()
        self.assertEqual(line.state, "open")
        line.with_user(self.administrator).action_fix()
        self.assertEqual((line.state, line.fixed_by_id), ("fixing", self.administrator))

    def test_other_companies_do_not_see_it(self):
        self._spoil_role()
        self._reconcile()
        self.server.company_id = self.env["res.company"].create({"name": "Second"})
        self.env.flush_all()
        for model in ("saas.reconciliation", "saas.reconciliation.line"):
            self.assertFalse(self.env[model].with_user(self.user).search([]))

    def test_old_ones_are_forgotten(self):
        self._spoil_role()
        self._reconcile()
        self.server.with_user(self.manager).action_check_now()
        kept, preview = self._lines(state="open").reconciliation_id, self._lines(state="preview").reconciliation_id
        self.env.flush_all()
        self.env.cr.execute("UPDATE saas_reconciliation SET create_date = now() - interval '31 days'")
        self.env.invalidate_all()
        self.env["saas.reconciliation"]._gc_old()
        self.assertTrue(kept.exists())
        self.assertFalse(preview.exists())

    def test_queries_do_not_grow_with_the_instances(self):
        """Sixty instances cost as many queries as five."""
        counts = {}
        for number in range(1, 61):
            self._activate(self._create_instance(f"many{number}"))
            if number in (5, 60):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                self.server._find_differences()
                counts[number] = self.env.cr.sql_log_count - before
        self.assertLessEqual(counts[60], counts[5])

    def test_an_empty_server(self):
        self.instance._write_protected({"state": "terminated"})
        self.found = Reality(databases={}, folders={})
        self.template._write_protected({"database": False, "state": "draft"})
        self._reconcile()
        self.assertFalse(self._lines())
