from unittest.mock import create_autospec, patch

from odoo.addons.saas_manager.saas_engine import naming, reality
from odoo.addons.saas_manager.saas_engine.cluster import Cluster
from odoo.addons.saas_manager.saas_engine.databases import Database
from odoo.addons.saas_manager.saas_engine.reality import Reality

from .common import SaasCase


class ReconcileCase(SaasCase):
    """A server with one active instance, as recorded; tests spoil what the engine would have found there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        cls.server = cls.env.ref("saas_manager.server_local")
        cls.cluster = create_autospec(Cluster, instance=True)
        cls.startClassPatcher(patch.object(cls.env.registry["saas.server"], "_get_cluster", lambda self: cls.cluster))
        cls.startClassPatcher(patch.object(cls.env.registry["saas.runtime"], "_get_runtime", lambda self: None))
        cls._activate(cls.instance)

    def setUp(self):
        super().setUp()
        self.cluster.reset_mock()
        self.found = self._get_reality(self.instance)
        self.read = self.startPatcher(patch.object(reality, "read", side_effect=lambda *_arguments: self.found))

    def _get_reality(self, *instances):
        """Return a server on which these instances, and the template, are as recorded."""
        server = self.server.with_context(active_test=False)
        records, _known = server._get_records()
        wanted = [record for record in records if record.database and record.kind == "template"]
        wanted += [record for record in records if record.key in {each._key for each in instances}]
        return Reality(
            databases={record.key: [self._get_database(record)] for record in wanted},
            names=frozenset(record.name for record in wanted),
            roles={each.key: reality.wanted_role(each.limits) for each in wanted if each.limits is not None},
            folders={wanted[0].runtime: frozenset(record.name for record in wanted)},
            entries={record.key: record.entry for record in wanted if record.entry},
        )

    def _get_database(self, record):
        mark = naming.database_mark(record.key)
        is_sealed = record.database == "sealed"
        return Database(record.name, "saas_manager", mark, record.database == "open", is_sealed)

    def _reconcile(self, rounds=2):
        """Do what the cron's job does, with its second look."""
        seen = None
        for _round in range(rounds):
            result = self.server._job_reconcile(seen)
            jobs = self._jobs(self.server, "_job_reconcile").filtered(lambda job: job.state == "pending")
            seen = jobs[:1].args and jobs[:1].args[0]
            jobs.unlink()
            if not seen:
                break
        return result

    def _lines(self, **values):
        domain = [("server_id", "=", self.server.id), *((name, "=", value) for name, value in values.items())]
        return self.env["saas.reconciliation.line"].search(domain)
