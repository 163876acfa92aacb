from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import file_open, mute_logger

from .common import SaasCase

OPTIONS = {"has_headers": True, "quoting": '"', "separator": ",", "encoding": "utf-8"}
HEADER = "Name,Customer,Subdomain,Template,Plan,Administrator's Email,Provision on Import"
FIELDS = ("name", "partner_id", "subdomain", "template_id", "plan_id", "admin_email", "provision_on_import")


@tagged("post_install", "-at_install")
class TestImport(SaasCase, TransactionCase):
    """A file of customers, through Odoo's own import, as the web client calls it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_users()
        # Odoo's own group for people who may create contacts, by name in an import too.
        groups = "saas_manager.group_manager,base.group_partner_manager"
        cls.clerk = new_test_user(cls.env, "saas_clerk", groups)

    def _import(self, *rows, dryrun=False, user=None, header=HEADER, fields=FIELDS, **options):
        return self._import_text("\n".join([header, *rows]), dryrun, user, fields, **options)

    def _import_text(self, text, dryrun=False, user=None, fields=FIELDS, **options):
        wizard = self.env["base_import.import"].with_user(user or self.manager)
        wizard = wizard.create(
            {"res_model": "saas.instance", "file": text.encode(), "file_name": "x.csv", "file_type": "text/csv"}
        )
        return wizard.execute_import(
            list(fields), text.splitlines()[0].split(","), {**OPTIONS, **options}, dryrun=dryrun
        )

    def _state(self):
        """Return how many there are of whatever an import could leave behind."""
        models = ("saas.instance", "queue.job", "mail.mail", "mail.message", "saas.event", "res.partner", "bus.bus")
        self.env.flush_all()
        self.env.cr.precommit.run()
        return {model: self.env[model].with_context(active_test=False).search_count([]) for model in models}

    def _instances(self, result):
        self.assertFalse(result["messages"])
        return self.env["saas.instance"].browse(result["ids"])

    def test_each_row_is_provisioned(self):
        result = self._import(
            "One,Acme Inc.,one,Blank,Starter,one@acme.example,TRUE",
            "Two,jane@acme.example,two,Blank,Starter,,1",
            "Three,Acme Inc.,Three,Blank,Starter,three@acme.example,FALSE",
            "Four,Acme Inc.,four,Blank,Starter,four@acme.example,",
        )
        one, two, three, four = self._instances(result)
        self.assertEqual((one | two | three | four).partner_id, self.customer)
        self.assertEqual((one | two | three | four).mapped("state"), ["queued", "queued", "draft", "draft"])
        for instance in one | two:
            self.assertEqual(len(self._jobs(instance, "_job_provision_step")), 1)
            self.assertEqual(instance.event_ids.mapped("kind"), ["requested"])
            self.assertEqual(instance.event_ids.user_id, self.manager)
            self.assertFalse(instance.provision_on_import, "a wish, not a property")
        self.assertFalse(self._jobs(three, "_job_provision_step"))
        self.assertEqual(two.admin_email, "jane@acme.example", "the customer's own")
        self.assertEqual(three.subdomain, "three")

    def test_the_test_leaves_nothing(self):
        rows = [f"Row {number},New {number},row-{number},Blank,Starter,r{number}@x.example,TRUE" for number in range(3)]
        options = {"name_create_enabled_fields": {"partner_id": True}}
        before = self._state()
        result = self._import(*rows, dryrun=True, user=self.clerk, **options)
        self.assertFalse(result["messages"])
        self.assertEqual(self._state(), before)
        instances = self._instances(self._import(*rows, user=self.clerk, **options))
        self.assertEqual(instances.partner_id.mapped("name"), ["New 0", "New 1", "New 2"])
        self.assertEqual(self._state()["queue.job"], before["queue.job"] + 3)

    @mute_logger("odoo.sql_db")  # a row without a customer gets as far as the database
    def test_one_bad_row_refuses_the_file(self):
        good = "Good,Acme Inc.,good,Blank,Starter,good@acme.example,TRUE"
        self.customer.email = False
        other = self.env["saas.template"].create({"name": "Not Built", "code": "not_built", "modules": "base"})
        before = self._state()
        for bad, reason in (
            ("Bad,Acme Inc.,Not a name,Blank,Starter,bad@acme.example,TRUE", "neither begins nor ends"),
            ("Bad,Acme Inc.,acme,Blank,Starter,bad@acme.example,TRUE", "acme is taken"),
            ("Bad,Acme Inc.,bad,Blank,Starter,,TRUE", "no email address"),
            (f"Bad,Acme Inc.,bad,{other.name},Starter,bad@acme.example,TRUE", "is not built yet"),
            ("Bad,Acme Inc.,bad,Blank,Gold,bad@acme.example,TRUE", "Gold"),
            ("Bad,Acme Inc.,GOOD,Blank,Starter,bad@acme.example,FALSE", "good is taken"),
            ("Bad,Nobody Ltd.,bad,Blank,Starter,bad@acme.example,TRUE", "Nobody Ltd."),
        ):
            for dryrun in (True, False):
                with self.subTest(bad, dryrun=dryrun):
                    result = self._import(good, bad, good.replace("good", "fine"), dryrun=dryrun)
                    self.assertFalse(result["ids"])
                    self.assertIn(reason, result["messages"][0]["message"])
                    self.assertTrue(all(each["rows"] == {"from": 1, "to": 1} for each in result["messages"]))
                    self.assertEqual(self._state(), before)
        self._instances(self._import(good))

    def test_by_external_id(self):
        self.env["ir.model.data"].create(
            {"module": "__import__", "name": "acme", "model": "res.partner", "res_id": self.customer.id}
        )
        result = self._import(
            "One,__import__.acme,one,saas_manager.template_blank,saas_manager.plan_starter,,TRUE",
            fields=["name", "partner_id/id", "subdomain", "template_id/id", "plan_id/id", "admin_email", FIELDS[-1]],
        )
        self.assertEqual(self._instances(result).partner_id, self.customer)

    def test_a_draft_that_exists(self):
        """A file that was imported without the column is imported again with it."""
        header, fields = "External ID,Provision on Import", ["id", "provision_on_import"]
        self.env["ir.model.data"].create(
            {"module": "__import__", "name": "draft", "model": "saas.instance", "res_id": self.instance.id}
        )
        self._instances(self._import("__import__.draft,TRUE", header=header, fields=fields))
        self.assertEqual(self.instance.state, "queued")
        again = self._import("__import__.draft,TRUE", header=header, fields=fields)
        self.assertIn("can't become Queued", again["messages"][0]["message"])
        self.assertEqual(len(self._jobs(self.instance, "_job_provision_step")), 1)

    def test_the_example_is_good(self):
        [template] = self.env["saas.instance"].get_import_templates()
        with file_open(template["template"].lstrip("/")) as file:
            text = file.read()
        self.assertEqual(text.splitlines()[0], HEADER, "what the page offers is what these tests import")
        options = {"name_create_enabled_fields": {"partner_id": True}}
        instances = self._instances(self._import_text(text, user=self.clerk, **options))
        self.assertEqual(instances.mapped("state"), ["queued", "queued", "draft"])
        wizard = self.env["base_import.import"].with_user(self.manager)
        wizard = wizard.create(
            {"res_model": "saas.instance", "file": text.encode(), "file_name": "x.csv", "file_type": "text/csv"}
        )
        preview = wizard.parse_preview(OPTIONS)
        self.assertEqual([preview["matches"][index] for index in range(len(FIELDS))], [[name] for name in FIELDS])

    def test_roles(self):
        row = "One,Acme Inc.,one,Blank,Starter,one@acme.example,TRUE"
        result = self._import(row, user=self.user, header=HEADER.rpartition(",")[0], fields=FIELDS[:-1])
        self.assertTrue(result["messages"])
        self.assertFalse(self.env["saas.instance"].search([("subdomain", "=", "one")]))
        with self.assertRaises(AccessError):
            self.instance.with_user(self.user).write({"provision_on_import": True})
        self._instances(self._import(row))
