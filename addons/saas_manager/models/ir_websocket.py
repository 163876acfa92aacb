import re

from odoo import models

from .saas_dashboard import BUS_CHANNEL

CHANNEL = re.compile(r"saas\.(instance|template|runtime|reconciliation\.line)_(\d{1,9})")


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Override of `_build_bus_channel_list` to let those who may read a record follow its progress.

        The dashboard has a channel of its own, for those who may see it.
        """
        kept, ours = [], []
        for channel in channels:
            match = CHANNEL.fullmatch(channel) if isinstance(channel, str) else None
            if match:
                ours += self._saas_find_record(f"saas.{match[1]}", int(match[2]))
            elif channel == BUS_CHANNEL:
                ours += self._saas_get_dashboard_channels()
            else:
                kept.append(channel)
        return super()._build_bus_channel_list([*kept, *ours])

    def _saas_find_record(self, model, record_id):
        """Return the record of a channel, or nothing where the user may not read it."""
        user, records = self.env.user, self.env[model]
        if (user._is_internal() or user._is_portal()) and records.has_access("read"):
            return records.search([("id", "=", record_id)])
        return records

    def _saas_get_dashboard_channels(self):
        """Return the dashboard's channel as a list, which is empty for whoever may not see the dashboard."""
        dashboard = self.env["saas.dashboard"]
        return [dashboard._get_bus_channel()] if dashboard._may_see() else []
