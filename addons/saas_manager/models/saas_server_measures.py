from odoo import api, fields, models

FULL_DISK_PERCENT = 85
GIB = 2**30


class SaasServerMeasures(models.Model):
    """How full a server is: measured by the connection test and every hour, never while somebody waits for a page."""

    _inherit = "saas.server"

    disk_free = fields.Float("Free Disk (GB)", digits=(16, 1), readonly=True)
    disk_total = fields.Float(
        "Disk (GB)", digits=(16, 1), readonly=True, help="Zero: the manager can't see the disk of this server."
    )
    disk_used = fields.Float("Disk Used (%)", digits=(5, 1), compute="_compute_disk_used", store=True)
    memory_free = fields.Float("Free Memory (GB)", digits=(16, 1), readonly=True)
    memory_total = fields.Float(
        "Memory (GB)", digits=(16, 1), readonly=True, help="Zero: the server is another machine than the manager's."
    )
    measured_at = fields.Datetime("Measured", readonly=True)

    @api.depends("disk_free", "disk_total")
    def _compute_disk_used(self):
        for server in self:
            total = server.disk_total
            server.disk_used = 100 * (total - server.disk_free) / total if total else 0

    def _prepare_measures(self, report):
        """Override of `_prepare_measures` to keep the disk and the memory; what could not be seen is zero."""
        sizes = {
            "disk_free": report.free_bytes,
            "disk_total": report.total_bytes,
            "memory_free": report.free_memory,
            "memory_total": report.total_memory,
        }
        return {
            **super()._prepare_measures(report),
            **{name: (size or 0) / GIB for name, size in sizes.items()},
            "measured_at": fields.Datetime.now(),
        }

    @api.model
    def _cron_measure(self):
        """Test every server and keep what was found. One that is away is a result too."""
        self.search([]).action_test_connection()
