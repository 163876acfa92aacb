import re

from odoo import models

CHANNEL = re.compile(r"saas\.(instance|template)_(\d{1,9})")


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Override of `_build_bus_channel_list` to let those who may read a record follow its progress."""
        kept, records = [], []
        for channel in channels:
            match = CHANNEL.fullmatch(channel) if isinstance(channel, str) else None
            if not match:
                kept.append(channel)
                continue
            model = self.env[f"saas.{match[1]}"]
            if self.env.user._is_internal() or self.env.user._is_portal():
                records += model.search([("id", "=", int(match[2]))]) if model.has_access("read") else []
        return super()._build_bus_channel_list([*kept, *records])
