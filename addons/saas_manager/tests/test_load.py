from odoo.tests import TransactionCase, tagged

from .subscription_common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestLoad(SubscriptionCase, TransactionCase):
    """A list of many instances or subscriptions takes no more queries than one of few."""

    def _count_queries(self, records, *types):
        views = records.get_views([(False, type_) for type_ in types])
        fields = {
            name
            for view in views["views"].values()
            for name in views["models"][records._name]["fields"]
            if name in view["arch"]
        }
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        specification = {name: {} for name in sorted(fields)}
        records.web_read(specification)
        return self.env.cr.sql_log_count - before

    def test_queries_do_not_grow_with_instances(self):
        many = self.env["saas.instance"].concat(*(self._create_instance(f"many-{number}") for number in range(60)))
        types = ("list", "kanban", "form")
        self._count_queries(many[:2], *types)
        self.assertEqual(self._count_queries(many[:5], *types), self._count_queries(many, *types))

    def test_queries_do_not_grow_with_subscriptions(self):
        many = self.env["saas.subscription"].concat(*(self._start("2026-01-15") for _number in range(30)))
        for number, subscription in enumerate(many):
            self._activate(self._create_instance(f"many-{number}", subscription_id=subscription.id))
        self._night("2026-01-20", "dun")
        self.assertEqual(set(many.mapped("state")), {"past_due"})
        types = ("list", "kanban")
        self._count_queries(many[:2], *types)
        self.assertEqual(self._count_queries(many[:5], *types), self._count_queries(many, *types))
