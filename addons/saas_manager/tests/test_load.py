from odoo.tests import TransactionCase, tagged

from .common import SaasCase


@tagged("post_install", "-at_install")
class TestLoad(SaasCase, TransactionCase):
    """A list of many instances takes no more queries than one of few."""

    def _count_queries(self, instances):
        views = self.env["saas.instance"].get_views([(False, "list"), (False, "kanban"), (False, "form")])
        fields = {
            name
            for view in views["views"].values()
            for name in views["models"]["saas.instance"]["fields"]
            if name in view["arch"]
        }
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        specification = {name: {} for name in sorted(fields)}
        instances.web_read(specification)
        return self.env.cr.sql_log_count - before

    def test_queries_do_not_grow_with_records(self):
        many = self.env["saas.instance"].concat(*(self._create_instance(f"many-{number}") for number in range(60)))
        self._count_queries(many[:2])
        self.assertEqual(self._count_queries(many[:5]), self._count_queries(many))
