from unittest.mock import create_autospec, patch

from odoo.tests import new_test_user

from odoo.addons.queue_job.job import Job
from odoo.addons.saas_manager.saas_engine.provisioning import Provisioner
from odoo.addons.saas_manager.saas_engine.settings import Settings
from odoo.addons.saas_manager.saas_engine.template_build import TemplateBuilder

MASTER_SECRET = "a secret that only the tests of the manager use"


class SaasCase:
    """A built template, a customer and a draft; the engine's two doors are the only things replaced.

    What the engine really does is covered by tests/integration and tests/e2e.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.provisioner = create_autospec(Provisioner, instance=True)
        cls.builder = create_autospec(TemplateBuilder, instance=True)
        cls.provisioner.undo.return_value = []
        cls.builder.build.side_effect = lambda spec, log: f"tpl_{spec.code}_v{spec.version}"
        settings = Settings.from_environment(
            {
                "SAAS_MASTER_SECRET": MASTER_SECRET,
                "SAAS_RUNTIMES_DIR": "/nowhere",
                "SAAS_BACKUP_DIR": "/nowhere",
            }
        )
        for model, method, result in (
            ("saas.instance", "_get_provisioner", cls.provisioner),
            ("saas.template", "_get_builder", cls.builder),
            ("saas.template", "_get_code_fingerprint", "code"),
            ("saas.instance", "_get_engine_settings", settings),
        ):
            patcher = patch.object(cls.env.registry[model], method, lambda self, result=result: result)
            cls.startClassPatcher(patcher)
        cls.template = cls.env.ref("saas_manager.template_blank")
        cls.template._write_protected({"state": "ready", "version": 1, "database": "tpl_blank_v1"})
        cls.plan = cls.env.ref("saas_manager.plan_starter")
        cls.customer = cls.env["res.partner"].create({"name": "Acme Inc.", "email": "jane@acme.example"})
        cls.instance = cls._create_instance("acme")

    def setUp(self):
        super().setUp()
        for double in (self.provisioner, self.builder):
            double.reset_mock(side_effect=False)
        self.provisioner.reset_mock(side_effect=True)

    @classmethod
    def _create_instance(cls, subdomain, **values):
        return cls.env["saas.instance"].create(
            {
                "name": subdomain,
                "partner_id": cls.customer.id,
                "subdomain": subdomain,
                "template_id": cls.template.id,
                "plan_id": cls.plan.id,
                **values,
            }
        )

    @classmethod
    def _create_users(cls):
        cls.user = new_test_user(cls.env, "saas_user", "saas_manager.group_user")
        cls.manager = new_test_user(cls.env, "saas_manager", "saas_manager.group_manager")
        cls.administrator = new_test_user(cls.env, "saas_administrator", "saas_manager.group_administrator")

    @classmethod
    def _activate(cls, instance):
        """Bring an instance to `active` without jobs."""
        server = cls.env.ref("saas_manager.server_local")
        instance._write_protected(
            {
                "state": "active",
                "server_id": server.id,
                "runtime_id": server.runtime_ids[:1].id,
                "template_database": "tpl_blank_v1",
            }
        )
        return instance

    def _keep_builds_in_this_transaction(self):
        """Write the log of a build here: transactions of its own can't see what a test has created."""
        Build = self.env.registry["saas.template.build"]
        self.startPatcher(
            patch.object(Build, "_write_log", lambda build, lines: build.write({"log": "\n".join(lines)}))
        )
        self.startPatcher(
            patch.object(Build, "_end", lambda build, state, **values: build.write({"state": state, **values}))
        )

    def _jobs(self, record, method):
        """Return the queued jobs of a record's method, newest first."""
        jobs = self.env["queue.job"].search(
            [("model_name", "=", record._name), ("method_name", "=", method)], order="id desc"
        )
        return jobs.filtered(lambda job: job.records == record)

    def _fail_job(self, job, message):
        """Let a queued job fail for good, the way queue_job does, and run the job that follows."""
        loaded = Job.load(self.env, job.uuid)
        loaded.set_failed(exc_name="EngineError", exc_message=message, exc_info=message)
        loaded.store()
        [following] = self._jobs(job.records, "_job_after_failure").filtered(lambda each: each.args == [job.id])
        following.records._job_after_failure(job.id)
