from datetime import timedelta
from unittest.mock import create_autospec, patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from odoo.addons.queue_job.tests.common import trap_jobs
from odoo.addons.saas_manager.saas_engine.errors import RetryableError
from odoo.addons.saas_manager.saas_engine.pool import Pool

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestPool(SaasCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool = create_autospec(Pool, instance=True)
        cls.startClassPatcher(patch.object(cls.env.registry["saas.runtime"], "_get_pool", lambda self: cls.pool))
        cls.template.pool_min = 2
        cls.env["saas.settings"]._set("saas.pool_max", 3)
        cls.Clone = cls.env["saas.pool.clone"]

    def setUp(self):
        super().setUp()
        self.pool.reset_mock(side_effect=True)

    def _fill(self):
        """Bring the pool to its size, as the jobs do."""
        self.template._job_adjust_pool(self.template.database)
        for clone in self.template.pool_clone_ids.filtered(lambda each: each.state == "filling"):
            clone._job_fill()
        return self.template.pool_clone_ids.filtered(lambda each: each.state == "ready")

    def _discarded(self):
        """Return what the engine was asked to remove: key, state of the record, kind."""
        [order] = [call.args[0] for call in self.pool.discard.call_args_list]
        return order.key, order.state, order.kind

    def _provision(self, instance):
        instance.action_provision()
        for job in self._jobs(instance, "_job_provision_step").sorted("id"):
            instance._job_provision_step(*job.args)
        while instance.state == "provisioning":
            instance._job_provision_step(*self._jobs(instance, "_job_provision_step")[0].args)

    # === SIZE === #

    def test_it_is_filled_up_to_its_target(self):
        ready = self._fill()
        self.assertEqual(len(ready), 2)
        self.assertEqual(
            self.pool.fill.call_args_list[0].args, (ready.sorted("id")[0]._key, "tpl_blank_v1"), "a key of its own"
        )
        self.template._job_adjust_pool(self.template.database)
        self.assertEqual(len(self.template.pool_clone_ids), 2)

    def test_the_size_follows_the_demand(self):
        target = self.template._get_pool_target
        self.assertEqual(target(0, 0), 2)
        self.assertEqual(target(3, 3), 3)
        self.assertEqual(target(50, 50), 3)
        self.template.pool_min = 0
        self.assertEqual(target(0, 0), 0)
        self.assertEqual(target(0, 1), 1)
        self.env["saas.settings"]._set("saas.pool_min", 2)
        self.assertEqual((target(0, 0), target(0, 1)), (0, 2))
        self.env["saas.settings"]._set("saas.pool_max", 0)
        self.assertEqual(target(9, 9), 0)
        self.env["saas.settings"]._set("saas.pool_max", 3)
        self.template.has_pool = False
        self.assertEqual(target(9, 9), 0)

    def test_what_was_asked_for_lately_counts(self):
        self.template.pool_min = 0
        counts = lambda: self.template._get_pool_counts()[self.template.id]["target"]  # noqa: E731
        self.assertEqual(counts(), 0)
        self.instance._write_protected({"requested_at": fields.Datetime.now() - timedelta(days=3)})
        self.assertEqual(counts(), 1)
        for subdomain in ("one", "two"):
            self._create_instance(subdomain)._write_protected({"requested_at": fields.Datetime.now()})
        self.assertEqual(counts(), 2)
        self.instance._write_protected({"requested_at": fields.Datetime.now() - timedelta(days=30)})
        self.assertEqual(counts(), 2)

    def test_counts_in_a_constant_number_of_queries(self):
        self._fill()
        self.env["saas.pool.clone"]._start(self.template)
        others = self.template.browse().concat(*(self.template.copy({"code": f"other{n}"}) for n in range(20)))
        everything = self.template + others
        self.env.flush_all()
        self.env.invalidate_all()
        few, many = self._count_queries(self.template), self._count_queries(everything)
        self.assertEqual(few, many)
        counts = everything._get_pool_counts()
        self.assertEqual(counts[self.template.id], {"ready": 2, "filling": 1, "target": 2})
        self.assertEqual(counts[others[0].id], {"ready": 0, "filling": 0, "target": 0})

    def _count_queries(self, templates):
        templates._get_pool_counts()  # the settings are in the cache from now on
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        templates._get_pool_counts()
        return self.cr.sql_log_count - before

    def test_too_many_are_removed(self):
        self._fill()
        self.template.pool_min = 1
        self.template._job_adjust_pool(self.template.database)
        self.assertEqual(sorted(self.template.pool_clone_ids.mapped("state")), ["discarding", "ready"])
        clone = self.template.pool_clone_ids.filtered(lambda each: each.state == "discarding")
        key = clone._key
        clone._job_discard()
        self.assertEqual(self._discarded(), (key, "discarding", "pool"))
        self.assertFalse(clone.exists())

    def test_limits_are_followed_at_once(self):
        with trap_jobs() as trap:
            self.template.has_pool = False
            trap.assert_enqueued_job(self.template._job_adjust_pool, args=("tpl_blank_v1",))
        self._fill()
        self.assertFalse(self.template.pool_clone_ids)

    # === VERSIONS === #

    def test_a_new_version_replaces_the_clones(self):
        old = self._fill()
        self.template.action_build()
        build = self.template.build_ids[:1]
        with patch.object(self.env.registry["saas.template.build"], "_end", lambda build, state, **values: None):
            self.template._swap_in("tpl_blank_v2", build)
        self.assertEqual(self._jobs(self.template, "_job_adjust_pool")[:1].args, ["tpl_blank_v2"])
        self.template._job_adjust_pool("tpl_blank_v1")  # one that is late changes nothing
        self.assertEqual(set(old.mapped("state")), {"ready"})
        new = self._fill()
        self.assertEqual(set(new.mapped("database")), {"tpl_blank_v2"})
        self.assertEqual(set(old.mapped("state")), {"discarding"})

    def test_a_clone_of_a_version_that_was_replaced_is_not_made(self):
        clone = self.Clone._start(self.template)
        self.template._write_protected({"database": "tpl_blank_v2"})
        clone._job_fill()
        self.pool.fill.assert_not_called()
        self.assertEqual(clone.state, "discarding")

    # === CLAIM === #

    def test_an_instance_takes_a_clone(self):
        ready = self._fill()
        self._provision(self.instance)
        self.assertEqual(self.instance.state, "active")
        [spec] = self.provisioner.clone_database.call_args.args
        clone = ready.filtered(lambda each: each._key == spec.pool_key)
        self.assertTrue(clone, "the engine was told which clone")
        self.assertEqual((clone.instance_id, clone.state), (self.instance, "discarding"))
        self.assertEqual(len(self._jobs(self.instance, "_job_provision_step")), 2, "one job, and one to verify")
        self.assertTrue(self._jobs(self.template, "_job_adjust_pool"))
        self.assertFalse(self.instance._prepare_tenant_spec().pool_key, "it is the instance's own now")

    def test_two_instances_take_two_clones(self):
        self._fill()
        instances = [self.instance, self._create_instance("two"), self._create_instance("three")]
        for instance in instances:
            instance.action_provision()
        keys = [instance.pool_key for instance in instances]
        self.assertEqual(len(set(keys)), 3)
        self.assertFalse(keys[2], "the pool was empty")
        self.assertEqual(instances[2].state, "queued")

    def test_an_empty_pool_is_no_failure(self):
        self._provision(self.instance)
        self.assertEqual(self.instance.state, "active")
        self.assertFalse(self.instance.pool_key)
        self.assertEqual(len(self._jobs(self.instance, "_job_provision_step")), 3)

    def test_a_clone_of_another_version_or_runtime_is_not_taken(self):
        ready = self._fill()
        ready.write({"database": "tpl_blank_v0"})
        self.instance.action_provision()
        self.assertFalse(self.instance.pool_key)

    def test_a_failed_run_gives_its_clone_up(self):
        self._fill()
        self.instance.action_provision()
        clone = self.Clone.search([("state", "=", "claimed")])
        self._fail_job(self._jobs(self.instance, "_job_provision_step")[:1], "No space left")
        self.instance._job_undo_provisioning()
        spec, order = self.provisioner.undo.call_args.args
        self.assertEqual((order.kind, order.key, order.state), ("attempt", self.instance._key, "failed"))
        self.assertEqual(spec.pool_key, clone._key)
        self.assertEqual(clone.state, "discarding")

    def test_a_retry_before_the_cleanup_keeps_its_clone(self):
        self._fill()
        self.instance.action_provision()
        key = self.instance.pool_key
        self._fail_job(self._jobs(self.instance, "_job_provision_step")[:1], "No space left")
        self.instance.action_provision()
        self.assertEqual(self.instance.pool_key, key)
        self.assertEqual(self.Clone.search_count([("state", "=", "claimed")]), 1)

    # === FAILURE AND SWEEP === #

    def test_a_failed_clone_holds_its_place_for_an_hour(self):
        clone = self.Clone._start(self.template)
        self._fail_job(self._jobs(clone, "_job_fill"), "The disk is full.")
        self.assertEqual(clone.state, "failed")
        self.assertIn("The disk is full.", self.env["saas.event"].search([], limit=1).message)
        self.pool.keys.return_value = self.pool.complete_keys.return_value = set()
        self.Clone._cron_adjust()
        self.assertEqual(clone.state, "failed")
        self.env.flush_all()
        self.env.cr.execute("UPDATE saas_pool_clone SET write_date = write_date - interval '2 hours'")
        self.env.invalidate_all()
        self.Clone._cron_adjust()
        self.assertEqual(clone.state, "discarding")

    def test_a_cancelled_job_holds_no_place(self):
        clone = self.Clone._start(self.template)
        self._jobs(clone, "_job_fill").button_cancelled()
        self.assertEqual(clone.state, "discarding")

    def test_sweep(self):
        """Each half without the other goes, and nothing else does."""
        kept, lost = self._fill()
        being_made = self.Clone._start(self.template)
        orphan = "0" * 31 + "1"
        self.pool.keys.return_value = {kept._key, being_made._key, orphan}
        self.pool.complete_keys.return_value = {kept._key, orphan}
        self.Clone._cron_adjust()
        self.assertEqual((kept.state, lost.state, being_made.state), ("ready", "discarding", "filling"))
        adopted = self.Clone.search([("template_id", "=", False)])
        self.assertEqual((adopted._key, adopted.state), (orphan, "discarding"))
        self.pool.discard.assert_not_called()
        adopted._job_discard()
        self.assertEqual(self._discarded(), (orphan, "discarding", "pool"))

    def test_an_orphan_that_got_its_record_meanwhile_is_left_alone(self):
        [clone, *_others] = self._fill()
        self.Clone._adopt(clone.runtime_id, clone._key)
        self.assertEqual(clone.state, "ready")

    def test_a_claim_that_nobody_waits_for(self):
        self._fill()
        self.instance.action_provision()
        clone = self.Clone.search([("state", "=", "claimed")])
        self.pool.keys.return_value = self.pool.complete_keys.return_value = {
            each._key for each in self.Clone.search([])
        }
        self.Clone._cron_adjust()
        self.assertEqual(clone.state, "claimed")
        self._activate(self.instance)
        self.Clone._cron_adjust()
        self.assertEqual(clone.state, "discarding")

    def test_a_server_that_is_away(self):
        self._fill()
        self.pool.keys.side_effect = RetryableError("The server is away.")
        with self.assertLogs("odoo.addons.saas_manager.models.saas_pool_clone", "WARNING"):
            self.Clone._cron_adjust()
        self.assertEqual(set(self.template.pool_clone_ids.mapped("state")), {"ready"})

    # === ACCESS === #

    def test_nobody_writes_it(self):
        self._create_users()
        [clone, *_others] = self._fill()
        self.assertEqual(clone.with_user(self.user).state, "ready")
        for values in ({"state": "claimed"}, {"instance_id": self.instance.id}, {"database": "manager"}):
            with self.subTest(values), self.assertRaises(AccessError):
                clone.with_user(self.administrator).write(values)
        with self.assertRaises(AccessError):
            self.Clone.with_user(self.administrator).create({"runtime_id": clone.runtime_id.id})
        with self.assertRaises(AccessError):
            self.instance.with_user(self.manager).write({"pool_key": clone._key})
