from odoo import api, models


class SaasDashboardSource(models.AbstractModel):
    """What the dashboard counts: a record that comes, goes or changes in a field that matters tells open dashboards."""

    _name = "saas.dashboard.source"
    _description = "Something that the dashboard shows"

    # The fields that the dashboard's numbers depend on; None: all of them.
    _dashboard_fields = None

    @api.model_create_multi
    def create(self, values_list):
        """Override of `create` to tell open dashboards."""
        records = super().create(values_list)
        if values_list:
            self.env["saas.dashboard"]._notify()
        return records

    def write(self, values):
        """Override of `write` to tell open dashboards."""
        result = super().write(values)
        if self and (self._dashboard_fields is None or self._dashboard_fields.intersection(values)):
            self.env["saas.dashboard"]._notify()
        return result

    def unlink(self):
        """Override of `unlink` to tell open dashboards."""
        if self:
            self.env["saas.dashboard"]._notify()
        return super().unlink()
