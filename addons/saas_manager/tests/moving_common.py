from unittest.mock import MagicMock, patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine import moving, own_code
from odoo.addons.saas_manager.saas_engine.runtime_wanted import Status

from .common import SaasCase


@tagged("post_install", "-at_install")
class MovingCase(SaasCase, TransactionCase):
    """An active instance whose plan allows own code; the engine's driver and its moves are replaced."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._activate(cls.instance)
        cls._create_users()
        cls.plan.own_code = True
        cls.shared = cls.instance.runtime_id

    def setUp(self):
        super().setUp()
        self.driver = MagicMock(is_available=True)
        self.driver.status.return_value = Status("running", "", 1, 0, 0, True)
        Runtime, Instance = self.env.registry["saas.runtime"], self.env.registry["saas.instance"]
        for owner, method, result in (
            (Runtime, "_get_driver", self.driver),
            (Instance, "_get_provisioner_of", self.provisioner),
            (Instance, "_has_runtime_files", True),
            (self.env.registry["saas.server"], "_get_cluster", None),
        ):
            self.startPatcher(patch.object(owner, method, lambda *args, result=result: result))
        for name in ("prepare", "move", "undo", "finish"):
            setattr(self, name, self.startPatcher(patch.object(moving, name, autospec=True)))
        self.listed = self.startPatcher(patch.object(own_code, "listed", autospec=True, return_value=[]))

    def _move(self, kind="dedicated"):
        self.instance.action_move(kind)
        target = self.instance.move_to_id
        self.instance._job_prepare_move(target.id)
        self.instance._job_move(target.id)
        return target
