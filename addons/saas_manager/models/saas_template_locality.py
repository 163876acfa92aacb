import pytz

from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get

from ..saas_engine import locality


class SaasTemplateLocality(models.Model):
    """Verticals, and what belongs to the place that a template is made for.

    All of it is built in, not set for each customer: a chart of accounts follows the country, and a currency locks
    after the first entries.
    """

    _inherit = "saas.template"

    vertical = fields.Selection(
        selection_add=[("restaurant", "Restaurant"), ("ecommerce", "E-commerce"), ("services", "Services")],
        ondelete={"restaurant": "set default", "ecommerce": "set default", "services": "set default"},
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_locality",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        help="Of the company and its books. It can't be changed after the first entries.",
    )
    tz = fields.Selection(
        _tz_get,
        "Time Zone",
        compute="_compute_locality",
        store=True,
        readonly=False,
        precompute=True,
        help="Of the users, and of their working times.",
    )
    paper = fields.Selection(
        [("A4", "A4"), ("Letter", "Letter")],
        compute="_compute_locality",
        store=True,
        readonly=False,
        precompute=True,
        help="What documents are printed on.",
    )

    @api.depends("country_id")
    def _compute_locality(self):
        """Follow the country. Without one they stay as they are."""
        for template in self:
            country = template.country_id
            template.currency_id = country.currency_id or template.currency_id
            template.tz = country._get_saas_time_zone() or template.tz
            template.paper = locality.paper(country.code) if country else template.paper


class ResCountry(models.Model):
    _inherit = "res.country"

    def _get_saas_time_zone(self):
        """Return the time zone where most people of the country live, or an empty string."""
        code = (self.code or "").upper()
        return locality.time_zone(code, pytz.country_timezones.get(code) or [])
