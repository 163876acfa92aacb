import base64

from odoo.exceptions import UserError
from odoo.release import version_info
from odoo.tests import tagged

from .common import TenantCase

WHY = "A plan with own code"
EVIL = "user.env.cr.execute('SELECT 1')"
EVIL_ARCH = f'<t t-name="x.page"><p t-out="{EVIL}"/></t>'
PLAIN_ARCH = """<t t-name="x.page"><t t-call="web.layout"><p t-if="object.active and not object.parent_id"
    t-att-class="'a' if object.name else 'b'" t-out="object.name or 'nobody'"/></t></t>"""


class ExpressionCase(TenantCase):
    """Each way in is tried twice: here it is refused, in a service of the tenant's own the same is accepted."""

    def assert_refused_here_only(self, act):
        """Assert that a shared service refuses what a service of the tenant's own does."""
        with self.assertRaisesRegex(UserError, WHY), self.env.cr.savepoint():
            act()
        # Taken back: what is in the database is not new any more.
        with self.own_code_allowed(), self.env.cr.savepoint() as savepoint:
            act()
            savepoint.rollback()

    def setUp(self):
        super().setUp()
        # What an earlier test had in the database is remembered, and gone.
        self.env.registry.clear_cache()

    def admins(self, model):
        return self.env[model].with_user(self.admin)

    def new_view(self, arch=PLAIN_ARCH, **values):
        return self.admins("ir.ui.view").create({"name": "x", "key": "x.page", "type": "qweb", "arch": arch, **values})


@tagged("post_install", "-at_install")
class TestOwnViews(ExpressionCase):
    def test_new_view(self):
        for field in ("arch", "arch_base", "arch_db"):
            values = {"name": "x", "key": "x.page", "type": "qweb", field: EVIL_ARCH}
            with self.subTest(field=field):
                self.assert_refused_here_only(lambda values=values: self.admins("ir.ui.view").create(values))

    def test_superuser_and_forged_context(self):
        forged = {"install_mode": True, "install_module": "base", "install_filename": "x", "module": "base"}
        views = self.env["ir.ui.view"].with_context(**forged).sudo()
        self.assert_refused_here_only(
            lambda: views.create({"name": "x", "key": "x.page", "type": "qweb", "arch": EVIL_ARCH})
        )
        as_default = self.admins("ir.ui.view").with_context(default_arch_base=EVIL_ARCH, default_arch_db=EVIL_ARCH)
        with self.assertRaisesRegex(UserError, WHY):
            as_default.create({"name": "x", "key": "x.page", "type": "qweb", "arch_base": EVIL_ARCH})

    def test_changed_view(self):
        view = self.new_view()
        for field in ("arch", "arch_base", "arch_db"):
            with self.subTest(field=field):
                self.assert_refused_here_only(lambda field=field: view.write({field: EVIL_ARCH}))

    def test_views_that_browsers_read_are_looked_at_too(self):
        """`t-call` renders any view by its number, and `/json` evaluates the filters of searches."""
        kanban = f'<kanban><templates><t t-name="card"><p t-out="{EVIL}"/></t></templates></kanban>'
        search = """<search><filter name="x" domain="[('id', 'in', uid.unlink())]"/></search>"""
        for arch in (kanban, search):
            values = {"name": "x", "model": "res.partner", "arch": arch}
            with self.subTest(arch=arch):
                self.assert_refused_here_only(lambda values=values: self.admins("ir.ui.view").create(values))

    def test_inheriting_view(self):
        arch = f"""<data><xpath expr="//body" position="inside"><p t-out="{EVIL}"/></xpath></data>"""
        change = f"""<data><xpath expr="//body" position="attributes"><attribute name="t-if">{EVIL}</attribute></xpath>
            </data>"""
        parent = self.env.ref("web.frontend_layout")
        for text in (arch, change):
            values = {"name": "x", "key": "x.y", "type": "qweb", "inherit_id": parent.id, "arch": text}
            with self.subTest(arch=text):
                self.assert_refused_here_only(lambda values=values: self.admins("ir.ui.view").create(values))

    def test_what_is_no_xml_is_read_as_odoo_mends_it(self):
        with self.assertRaises(UserError):
            self.new_view(f"<t t-out={EVIL.replace(' ', '')}>")

    def test_previous_version_is_no_way_in(self):
        view = self.new_view()
        view.write({"arch_prev": EVIL_ARCH})
        self.assert_refused_here_only(lambda: view.reset_arch("soft"))

    def test_import(self):
        rows = [["x", "x.page", "qweb", EVIL_ARCH]]
        result = self.admins("ir.ui.view").load(["name", "key", "type", "arch_base"], rows)
        self.assertFalse(result["ids"])
        self.assertIn(WHY, result["messages"][0]["message"])
        rows[0][-1] = PLAIN_ARCH
        self.assertTrue(self.admins("ir.ui.view").load(["name", "key", "type", "arch_base"], rows)["ids"])

    def _new_translatable(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        view = self.new_view('<t t-name="x.page"><p t-attf-title="Hello {{ object.name }}">Good day</p></t>')
        self.env["ir.model.data"].create({"module": "x", "name": "page", "model": "ir.ui.view", "res_id": view.id})
        return view

    def _assert_no_translation_brings_code(self, view, translate):
        """From 19.0 on Odoo keeps the expressions of the original in a translation, whatever that says."""
        if version_info[:2] < (19, 0):
            self.assert_refused_here_only(lambda: translate("Hello {{ object.name }}", f"Bonjour {{{{ {EVIL} }}}}"))
        else:
            translate("Hello {{0}}", f"Bonjour {{{{ {EVIL} }}}}")
        self.assertNotIn(EVIL, view.with_context(lang="fr_FR").arch_db)

    def test_translation(self):
        view = self._new_translatable()

        def translate(term, translation):
            view.update_field_translations("arch_db", {"fr_FR": {term: translation}})

        self._assert_no_translation_brings_code(view, translate)
        translate("Good day", "Bonjour")
        self.assertIn("Bonjour", view.with_context(lang="fr_FR").arch)

    def test_file_of_translations(self):
        view = self._new_translatable()

        def bring(term, translation):
            lines = f'#. module: x\n#: model_terms:ir.ui.view,arch_db:x.page\nmsgid "{term}"\nmsgstr "{translation}"\n'
            data = base64.b64encode(lines.encode())
            values = {"name": "French", "code": "fr_FR", "filename": "x.po", "data": data, "overwrite": True}
            self.admins("base.language.import").create(values).import_lang()
            view.invalidate_recordset()

        self._assert_no_translation_brings_code(view, bring)
        bring("Good day", "Bonjour")
        self.assertIn("Bonjour", view.with_context(lang="fr_FR").arch_db)

    def test_what_is_there_can_be_copied_and_changed(self):
        layout = self.env.ref("web.frontend_layout").with_user(self.admin)
        copy = layout.copy({"key": "x.layout", "name": "x"})
        copy.write({"arch": copy.arch.replace("<header", '<p class="mine">Hello</p><header')})
        self.assertIn("Hello", copy.arch)
        layout.write({"arch": layout.arch.replace("<header", '<p class="mine">Hello</p><header')})
        self.assertIn("Hello", layout.arch)

    def test_expressions_of_a_module_may_come_back(self):
        layout = self.env.ref("web.internal_layout").with_user(self.admin)
        arch = layout.arch
        self.assertIn("t-out", arch)
        layout.write({"arch": '<t name="x"><p/></t>'})
        layout.write({"arch": arch})
        self.assertEqual(layout.arch, arch)


@tagged("post_install", "-at_install")
class TestOwnMails(ExpressionCase):
    def _values(self, **values):
        return {"name": "x", "model_id": self.partner_model.id, "subject": "Hello", "body_html": "<p>Hi</p>", **values}

    def test_template(self):
        for values in (
            {"body_html": f'<p t-out="{EVIL}"/>'},
            {"body_html": f'<t t-set="x" t-value="{EVIL}"/>'},
            {"subject": f"{{{{ {EVIL} }}}}"},
            {"email_to": f"a{{{{ {EVIL} ||| b }}}}"},
            {"lang": f"{{{{ {EVIL} }}}}"},
        ):
            with self.subTest(values=values):
                with self.assertRaisesRegex(UserError, WHY):
                    self.admins("mail.template").create(self._values(**values))
                template = self.admins("mail.template").create(self._values())
                with self.assertRaisesRegex(UserError, WHY):
                    template.write(values)

    def test_service_of_ones_own_allows_it(self):
        with self.own_code_allowed():
            values = self._values(body_html='<p t-out="object.name.upper()"/>')
            template = self.admins("mail.template").create(values)
            rendered = template._render_field("body_html", self.admin.partner_id.ids)
        self.assertIn("TENANT-ADMIN", rendered[self.admin.partner_id.id])
        self.assertIn("object.name.upper()", self.env["saas.tenant.plan"]._get_own_code()[0]["what"])

    def test_defaults(self):
        templates = self.admins("mail.template").with_context(default_subject=f"{{{{ {EVIL} }}}}")
        values = self._values()
        del values["subject"]
        self.assert_refused_here_only(lambda: templates.create({**values}))

    def test_placeholders_work(self):
        template = self.admins("mail.template").create(
            self._values(
                subject="Hello {{ object.name or 'you' }}, {{ format_date(object.create_date) }}",
                body_html="""<p>Dear <t t-out="object.name">you</t>,
                    <t t-if="object.parent_id">of <t t-out="object.parent_id.name or ''"/></t></p>""",
            )
        )
        template.write({"body_html": template.body_html.replace("Dear", "Good morning")})
        partner = self.admin.partner_id
        self.assertIn("Good morning", template._render_field("body_html", partner.ids)[partner.id])
        self.assertIn(partner.name, template._render_field("subject", partner.ids)[partner.id])

    def test_odoos_own_templates_can_be_changed(self):
        template = self.env.ref("auth_signup.mail_template_user_signup_account_created").with_user(self.admin)
        template.write({"body_html": template.body_html.replace("Welcome", "Good morning"), "subject": "Hello"})
        copy = template.copy()
        copy.write({"body_html": template.body_html})
        self.assertIn("user.", copy.body_html)

    def test_text_that_was_never_saved(self):
        """A wizard renders what the browser sends with an `onchange`."""
        renderer = self.admins("mail.render.mixin")
        partner = self.admin.partner_id
        for engine, text, result in (
            ("qweb", '<p t-out="object.name.upper()"/>', "TENANT-ADMIN"),
            ("inline_template", "{{ object.name.upper() }}", "TENANT-ADMIN"),
        ):
            with self.subTest(engine=engine):
                with self.assertRaisesRegex(UserError, WHY):
                    renderer._render_template(text, "res.partner", partner.ids, engine=engine)
                with self.own_code_allowed():
                    rendered = renderer._render_template(text, "res.partner", partner.ids, engine=engine)
                self.assertIn(result, rendered[partner.id].upper())

    def test_translation(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.admins("mail.template").create(self._values())
        self.assert_refused_here_only(
            lambda: template.update_field_translations("subject", {"fr_FR": "{{ object.name.upper() }}"})
        )
        template.update_field_translations("subject", {"fr_FR": "Bonjour {{ object.name }}"})
        self.assertIn("Bonjour", template.with_context(lang="fr_FR").subject)

    def test_message_of_a_wizard(self):
        values = {
            "model": "res.partner",
            "composition_mode": "mass_mail",
            "subject": "x",
            "body": f'<p t-out="{EVIL}"/>',
        }
        self.assert_refused_here_only(lambda: self.admins("mail.compose.message").create(values))


@tagged("post_install", "-at_install")
class TestOwnValues(ExpressionCase):
    """Fields that `safe_eval` reads."""

    def test_record_rule(self):
        values = {"name": "x", "model_id": self.partner_model.id, "domain_force": f"[('id', 'in', {EVIL})]"}
        self.assert_refused_here_only(
            lambda: self.admins("ir.rule").create({**values, "domain_force": "[('id', 'in', user.search([]).ids)]"})
        )
        rule = self.admins("ir.rule").create(
            {**values, "domain_force": "[('company_id', 'in', company_ids + [False])]"}
        )
        with self.assertRaisesRegex(UserError, WHY):
            rule.write(values)

    def test_saved_default(self):
        self.env["ir.default"].with_user(self.admin).set(
            "ir.rule", "domain_force", "[('id', 'in', user.search([]).ids)]"
        )
        self.assert_refused_here_only(
            lambda: self.admins("ir.rule").create({"name": "x", "model_id": self.partner_model.id})
        )

    def test_odoos_own_rules_can_be_copied(self):
        rule = self.env.ref("base.res_partner_rule_private_employee", False) or self.env["ir.rule"].search([], limit=1)
        self.assertTrue(rule.with_user(self.admin).copy({"name": "x"}))

    def test_filter(self):
        values = {"name": "x", "model_id": "res.partner"}
        domain = "[('create_date', '>', (context_today() - relativedelta(days=7)).strftime('%Y-%m-%d'))]"
        self.assertTrue(self.admins("ir.filters").create({**values, "domain": domain, "context": "{'group_by': []}"}))
        self.assert_refused_here_only(
            lambda: self.admins("ir.filters").create({**values, "domain": "[('id', 'in', [x for x in [1]])]"})
        )

    def test_window_and_client_action(self):
        window = {"name": "x", "res_model": "res.partner"}
        self.assertTrue(self.admins("ir.actions.act_window").create({**window, "context": {"default_name": "y"}}))
        for field in ("domain", "context"):
            self.assert_refused_here_only(
                lambda field=field: self.admins("ir.actions.act_window").create({**window, field: EVIL})
            )
        client = {"name": "x", "tag": "x"}
        self.assertTrue(self.admins("ir.actions.client").create({**client, "params": {"a": 1}}))
        self.assert_refused_here_only(lambda: self.admins("ir.actions.client").create({**client, "params_store": EVIL}))

    def test_names_of_printed_files(self):
        values = {"name": "x", "model": "res.partner", "report_name": "web.external_layout"}
        reports = self.admins("ir.actions.report")
        report = reports.create({**values, "print_report_name": "'Partner - %s' % (object.name or '')"})
        for field in ("print_report_name", "attachment"):
            self.assert_refused_here_only(lambda field=field: reports.create({**values, field: "object.unlink()"}))
        self.env["res.lang"]._activate_lang("fr_FR")
        with self.assertRaisesRegex(UserError, WHY):
            report.update_field_translations("print_report_name", {"fr_FR": "object.unlink()"})
        report.update_field_translations("print_report_name", {"fr_FR": "'Partenaire - %s' % object.name"})
        self.assertIn("Partenaire", report.with_context(lang="fr_FR").print_report_name)

    def test_compute_as_a_default_of_the_context(self):
        fields = self.admins("ir.model.fields").with_context(default_compute="self.unlink()", default_depends="name")
        values = {"name": "x_a", "model_id": self.partner_model.id, "ttype": "char", "store": False}
        with self.assertRaisesRegex(UserError, WHY):
            fields.create(values)
        self.assertTrue(fields.with_context(default_compute=False, default_depends=False).create(values))

    def test_domain_of_a_field(self):
        values = {"name": "x_a", "model_id": self.partner_model.id, "ttype": "many2one", "relation": "res.partner"}
        self.assert_refused_here_only(
            lambda: self.admins("ir.model.fields").create({**values, "domain": "[('id', '=', [x for x in [1]][0])]"})
        )


@tagged("post_install", "-at_install")
class TestListOfOwnCode(TenantCase):
    def _get(self):
        return {(line["model"], line["id"]): line["what"] for line in self.env["saas.tenant.plan"]._get_own_code()}

    def test_odoo_itself_has_none(self):
        self.assertEqual(self._get(), {})

    def test_each_kind_is_listed(self):
        with self.own_code_allowed():
            view = self.env["ir.ui.view"].create({"name": "x", "key": "x.y", "type": "qweb", "arch": EVIL_ARCH})
            template = self.env["mail.template"].create(
                {"name": "x", "model_id": self.partner_model.id, "subject": "{{ object.name.upper() }}"}
            )
            rule = self.env["ir.rule"].create(
                {"name": "x", "model_id": self.partner_model.id, "domain_force": "[('id', 'in', user.search([]).ids)]"}
            )
            action = self.env["ir.actions.server"].create(
                {"name": "x", "model_id": self.partner_model.id, "state": "code", "code": "action = {}"}
            )
            field = self.env["ir.model.fields"].create(
                {
                    "name": "x_a",
                    "model_id": self.partner_model.id,
                    "ttype": "char",
                    "store": False,
                    "compute": "for record in self: record['x_a'] = 'a'",
                }
            )
        found = self._get()
        for record in (view, template, rule, action, field):
            self.assertIn((record._name, record.id), found)
        self.assertEqual(len(found), 5)
        self.assertIn(EVIL, found["ir.ui.view", view.id])

    def test_what_a_module_brought_and_somebody_changed_is_listed(self):
        cron = self.env.ref("base.autovacuum_job").ir_actions_server_id
        with self.own_code_allowed():
            cron.write({"code": f"{cron.code}\nmodel.other()"})
        self.assertIn((cron._name, cron.id), self._get())
