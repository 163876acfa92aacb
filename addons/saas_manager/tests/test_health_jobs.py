from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.saas_manager.saas_engine.errors import ConfigurationError

from .health_common import CHECK, GONE, SILENT, HealthCase


@tagged("post_install", "-at_install")
class TestHealthJobs(HealthCase, TransactionCase):
    # === WHO IS LOOKED AT === #

    def test_only_what_is_on_the_air(self):
        due = self.env["saas.instance"].search(self.env["saas.instance"]._get_health_domain())
        self.assertEqual(due, self.instance)
        draft = self._create_instance("draft")
        self._look({}, draft)
        self.assertEqual(draft.health, "unknown")
        self.instance._write_protected({"rename_to": "elsewhere"})
        self.assertFalse(self.env["saas.instance"].search(self.env["saas.instance"]._get_health_domain()))
        self._look(GONE)
        self.assertFalse(self.instance.health_misses, "the address changes: off the air for a moment")

    def test_what_is_switched_off_has_no_health(self):
        self._go_down()
        self.instance.action_suspend()
        self.assertRecordValues(
            self.instance, [{"health": "unknown", "health_misses": 0, "health_text": "", "health_since": False}]
        )
        self.assertFalse(self._activities())
        self._look(GONE)
        self.assertFalse(self.instance.health_checked_at)
        self.instance.action_resume()
        due = self.env["saas.instance"].search(self.env["saas.instance"]._get_health_domain())
        self.assertEqual(due, self.instance, "looked at with the next cron")
        self.instance.action_terminate("acme")
        self.assertFalse(self.env["saas.instance"].search(self.env["saas.instance"]._get_health_domain()))

    def test_once_an_hour_however_often_it_is_asked(self):
        """Also after a downtime: what was missed is not made up for."""
        Instance = self.env["saas.instance"]
        Instance._cron_check_health()
        Instance._cron_check_health()
        [job] = self._checks()
        self.assertEqual(job.args, [self.instance.ids, False])
        for _number in range(3):
            Instance._job_check_health(*job.args)
        self.assertEqual(self.provisioner.examine.call_count, 1)
        Instance._cron_check_health()
        self.assertEqual(len(self._checks()), 1)
        self.instance._write_protected({"health_checked_at": fields.Datetime.now() - timedelta(days=7)})
        Instance._job_check_health(*job.args)
        self.assertEqual(self.provisioner.examine.call_count, 2)

    def test_a_clock_that_was_set_back_stops_no_looks(self):
        ahead = fields.Datetime.now() + timedelta(days=1)
        self.instance._write_protected({"health_checked_at": ahead})
        self.assertIn(self.instance, self.instance.search(self.instance._get_health_domain()))
        self.assertTrue(self.instance._is_look_due(False))

    def test_batches_one_at_a_time(self):
        others = self.env["saas.instance"].concat(*(self._create_instance(f"many-{n}") for n in range(4)))
        for other in others:
            self._activate(other)
        with patch(f"{CHECK}.BATCH", 2):
            self.env["saas.instance"]._cron_check_health()
        self.assertEqual(sorted(len(job.args[0]) for job in self._checks()), [1, 2, 2])
        self.assertEqual(set(self._checks().mapped("channel")), {"root.saas_health"})

    # === NOBODY SUFFERS FROM OTHERS === #

    def _others(self):
        return self.env["saas.instance"].concat(
            *(self._activate(self._create_instance(name)) for name in ("broken", "fine"))
        )

    @mute_logger(CHECK)
    def test_one_that_is_broken_stops_nobody(self):
        broken, fine = self._others()
        for error in (ConfigurationError("no runtime.json"), ZeroDivisionError("oh")):
            with self.subTest(error):
                self._look({"broken": error}, broken + fine)
                self.assertEqual((broken.health, fine.health), ("unknown", "healthy"))
                self.assertIn(str(error), broken.health_text)

    @mute_logger("odoo.addons.saas_manager.models.saas_job_mixin")
    def test_one_that_can_not_be_written_down_stops_nobody(self):
        broken, fine = self._others()
        Instance = self.env.registry["saas.instance"]
        original = Instance._set_health

        def fail(record, state, **values):
            if record == broken:
                raise ZeroDivisionError
            return original(record, state, **values)

        with patch.object(Instance, "_set_health", fail):
            self._look({}, broken + fine)
        self.assertEqual((broken.health, fine.health), ("unknown", "healthy"))

    def test_somebody_was_faster(self):
        busy, fine = self._others()
        Instance = self.env.registry["saas.instance"]
        original = Instance._set_health

        def meet(record, state, **values):
            if record == busy:
                raise psycopg2.errors.SerializationFailure
            return original(record, state, **values)

        with patch.object(Instance, "_set_health", meet):
            self._look({}, busy + fine)
        self.assertEqual(fine.health, "healthy")
        [job] = self._checks()
        self.assertEqual(job.args[0], busy.ids, "it is looked at again")
        self.assertTrue(job.eta)

    def test_a_service_that_hangs_is_not_waited_for_each_time(self):
        many = self.env["saas.instance"].concat(
            *(self._activate(self._create_instance(f"hangs-{number}")) for number in range(5))
        )
        self._look(dict.fromkeys(many.mapped("subdomain"), SILENT), many)
        waited = [call.args[1] for call in self.provisioner.examine.call_args_list]
        self.assertEqual(waited, [10, 10, 10, 2, 2])

    def test_a_whole_service_that_goes_fills_no_mailbox(self):
        many = self.env["saas.instance"].concat(
            *(self._activate(self._create_instance(f"goes-{number}")) for number in range(5))
        )
        Instance = self.env.registry["saas.instance"]
        mailed = []
        original = Instance._schedule_health_activity

        def note(record, is_mailed=True):
            mailed.append(is_mailed)
            return original(record, is_mailed)

        with patch.object(Instance, "_schedule_health_activity", note):
            self._look(dict.fromkeys(many.mapped("subdomain"), GONE), many)
            self._second_look()
        self.assertEqual(mailed, [True] * 3 + [False] * 2)
        self.assertTrue(all(each.activity_ids for each in many))
