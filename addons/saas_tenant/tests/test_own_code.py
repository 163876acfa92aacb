from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import GatewayCase, TenantCase

WHY = "A plan with own code"
CODE = "action = {'type': 'ir.actions.act_window_close'}"


@tagged("post_install", "-at_install")
class TestOwnCode(TenantCase):
    def _action_values(self, **values):
        return {"name": "Test", "model_id": self.partner_model.id, "state": "code", "code": CODE, **values}

    def _actions(self, user=None):
        return self.env["ir.actions.server"].with_user(user or self.admin)

    def test_code_action_is_refused_to_everybody(self):
        for user in (self.admin, self.env.ref("base.user_root"), self.env.ref("base.user_admin")):
            with self.subTest(user=user.login), self.assertRaisesRegex(UserError, WHY):
                self._actions(user).create(self._action_values())

    def test_context_does_not_open_the_door(self):
        forged = {"install_mode": True, "module": "base", "install_module": "base", "import_file": True}
        with self.assertRaisesRegex(UserError, WHY):
            self._actions().with_context(**forged).create(self._action_values())
        with self.assertRaisesRegex(UserError, WHY):
            self._actions().with_context(default_state="code", default_code=CODE).create(
                {"name": "Test", "model_id": self.partner_model.id}
            )

    def test_import_is_refused(self):
        result = self._actions().load(
            ["name", "model_id/.id", "state", "code"], [["x", self.partner_model.id, "code", CODE]]
        )
        self.assertFalse(result["ids"])
        self.assertIn(WHY, result["messages"][0]["message"])

    def test_changing_code_is_refused(self):
        action = self.env.ref("base.autovacuum_job").ir_actions_server_id.with_user(self.admin)
        with self.assertRaisesRegex(UserError, WHY):
            action.write({"code": CODE})
        with self.assertRaisesRegex(UserError, WHY):
            action.copy({"code": CODE})

    def test_turning_an_action_into_code_is_refused(self):
        action = self._actions().create(self._action_values(state="multi", code=CODE))
        with self.assertRaisesRegex(UserError, WHY):
            action.write({"state": "code"})

    def test_the_rest_of_odoos_own_code_actions_can_be_changed(self):
        cron = self.env.ref("base.autovacuum_job").with_user(self.admin)
        cron.write({"interval_number": 3, "name": "Cleaning", "code": cron.code})
        self.assertEqual(cron.name, "Cleaning")

    def test_scheduled_action_is_refused(self):
        crons = self.env["ir.cron"].with_user(self.admin)
        values = {**self._action_values(), "interval_number": 1, "interval_type": "days"}
        with self.assertRaisesRegex(UserError, WHY):
            crons.create(values)
        with self.assertRaisesRegex(UserError, WHY):
            self.env.ref("base.autovacuum_job").with_user(self.admin).write({"code": CODE})

    def test_app_keeps_a_cron_for_its_record(self):
        values = {**self._action_values(code=""), "interval_number": 1, "interval_type": "days"}
        crons = self.env["ir.cron"].with_user(self.admin)
        with self.assertRaisesRegex(UserError, WHY):
            crons.create(values)
        cron = crons.sudo().create(values)
        call = "# This cron is dynamically controlled by Lunch Alert.\nenv['lunch.alert'].browse([7])._notify_chat()"
        cron.ir_actions_server_id.write({"code": call})
        for code in (CODE, f"{call}\n{CODE}", "env['res.users'].browse([2]).write({'active': False})"):
            with self.subTest(code=code), self.assertRaisesRegex(UserError, WHY):
                cron.ir_actions_server_id.write({"code": code})

    def test_value_by_expression_is_refused(self):
        values = self._action_values(
            state="object_write", update_path="function", evaluation_type="equation", value="env.cr"
        )
        with self.assertRaisesRegex(UserError, WHY):
            self._actions().create(values)
        action = self._actions().create({**values, "evaluation_type": "value", "value": "checked"})
        with self.assertRaisesRegex(UserError, WHY):
            action.write({"evaluation_type": "equation"})

    def test_action_without_code_works(self):
        partner = self.env["res.partner"].create({"name": "Ada"})
        action = self._actions().create(
            self._action_values(state="object_write", update_path="function", evaluation_type="value", value="checked")
        )
        action.with_context(active_model="res.partner", active_id=partner.id, active_ids=partner.ids).run()
        self.assertEqual(partner.function, "checked")

    def test_computed_field_is_refused(self):
        values = {
            "name": "x_length",
            "model_id": self.partner_model.id,
            "ttype": "integer",
            "compute": "for record in self: record['x_length'] = 1",
            "depends": "name",
            "store": False,
        }
        fields = self.env["ir.model.fields"].with_user(self.admin)
        with self.assertRaisesRegex(UserError, WHY):
            fields.create(values)
        plain = fields.create({**values, "compute": False, "depends": False})
        with self.assertRaisesRegex(UserError, WHY):
            plain.write({"compute": values["compute"]})

    def test_fields_without_code_work(self):
        fields = self.env["ir.model.fields"].with_user(self.admin)
        for values in (
            {"name": "x_note", "ttype": "char"},
            {"name": "x_country_code", "ttype": "char", "related": "country_id.code", "readonly": True, "store": False},
        ):
            with self.subTest(field=values["name"]):
                self.assertTrue(fields.create({"model_id": self.partner_model.id, **values}))

    def test_service_of_ones_own_allows_it(self):
        with self.own_code_allowed():
            action = self._actions().create(self._action_values())
            action.write({"code": f"{CODE} # changed"})
        self.assertEqual(action.state, "code")

    def test_data_of_modules_is_allowed_while_they_load(self):
        self.patch(self.env.registry, "ready", False)
        self.assertTrue(self._actions().create(self._action_values()))


@tagged("post_install", "-at_install")
class TestWhoAllowsOwnCode(GatewayCase):
    def _get_refusal(self):
        values = {"name": "Test", "model_id": self.partner_model.id, "state": "code", "code": CODE}
        with self.assertRaises(UserError) as refused:
            self.env["ir.actions.server"].with_user(self.admin).create(values)
        return str(refused.exception)

    def test_the_plans_are_named_where_somebody_names_them(self):
        self.serve(own_code_plans=["Workshop", "Factory"], contact="Hosting Ltd")
        self.assertIn("A plan with own code (Workshop, Factory) runs", self._get_refusal())
        self.assertIn("Ask Hosting Ltd.", self._get_refusal())

    def test_without_names_it_is_said_in_words(self):
        self.serve()
        self.assertIn("A plan with own code runs", self._get_refusal())
