"""What the tests of health have in common."""

from datetime import timedelta

from odoo import fields

from odoo.addons.saas_manager.saas_engine.health import FailingCron, Seen

from .common import SaasCase

WELL = Seen(seconds=0.2)
GONE = Seen(page="page_status", page_detail="HTTP 502", seconds=0.1)
SILENT = Seen(page="page_timeout", page_detail="no complete answer within 10.0 s")
ILL = Seen(seconds=0.2, crons=(FailingCron("Send <b>mails</b>", 4),))
CHECK = "odoo.addons.saas_manager.models.saas_instance_health_check"


class HealthCase(SaasCase):
    """An instance that is looked at; `seen` has what is found at each subdomain."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls._activate(cls.instance)

    def setUp(self):
        super().setUp()
        self.seen = {}
        self.provisioner.examine.side_effect = self._see

    def _see(self, spec, seconds):
        found = self.seen.get(spec.subdomain, WELL)
        if isinstance(found, Exception):
            raise found
        return found

    def _look(self, found=None, instances=None):
        """Look at instances, as the hourly job does, an hour after the last time."""
        instances = instances or self.instance
        self.seen = found if isinstance(found, dict) else {self.instance.subdomain: found}
        for instance in instances.filtered("health_checked_at"):
            instance._write_protected({"health_checked_at": fields.Datetime.now() - timedelta(hours=1)})
        return self.env["saas.instance"]._job_check_health(instances.ids)

    def _second_look(self):
        [job] = self._checks(is_second=True)
        self.env["saas.instance"]._job_check_health(*job.args)

    def _checks(self, is_second=False):
        jobs = self.env["queue.job"].search([("method_name", "=", "_job_check_health")], order="id desc")
        return jobs.filtered(lambda job: job.args[1] is is_second)

    def _go_down(self, found=GONE):
        self._look(found)
        self._second_look()

    def _health_events(self):
        return self.instance.event_ids.filtered(lambda event: event.kind == "health").sorted("id")

    def _activities(self):
        kind = self.env.ref("saas_manager.mail_activity_type_down")
        return self.instance.activity_ids.filtered(lambda activity: activity.activity_type_id == kind)
