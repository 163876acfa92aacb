import os

from odoo import api, models
from odoo.tools.translate import LazyTranslate

from ..saas_engine.definitions import Definition

_lt = LazyTranslate(__name__)

DEFINITIONS = (
    Definition(
        "saas.base_domain",
        "domain",
        "localhost",
        _lt("Base Domain"),
        _lt("An instance acme is found at acme.<base domain>. Servers may have one of their own."),
    ),
    Definition(
        "saas.public_scheme",
        "choice",
        "https",
        _lt("Public Scheme"),
        _lt("How browsers reach instances: https, or http where nothing encrypts."),
        choices=("https", "http"),
    ),
    Definition(
        "saas.public_port",
        "integer",
        0,
        _lt("Public Port"),
        _lt("The proxy's port as browsers see it. 0: the usual port of the scheme."),
        maximum=65535,
    ),
    Definition(
        "saas.termination_grace_days",
        "integer",
        14,
        _lt("Days Until Deletion"),
        _lt("For how many days a termination can be undone."),
        maximum=3650,
    ),
    Definition(
        "saas.redirect_days",
        "integer",
        30,
        _lt("Days a Former Address Leads On"),
        _lt("A subdomain that an instance has left leads to the new one, and nobody else gets it. 0: not at all."),
        maximum=3650,
    ),
    Definition(
        "saas.pool_max",
        "integer",
        4,
        _lt("Ready Clones at Most"),
        _lt("How many clones per template wait for a customer at most. 0: no pool."),
        maximum=1000,
    ),
    Definition(
        "saas.pool_min",
        "integer",
        0,
        _lt("Ready Clones at Least"),
        _lt("How many clones of a template in use wait for a customer, even without demand."),
        maximum=1000,
    ),
    Definition(
        "saas.tenant_mail_domain",
        "boolean",
        False,
        _lt("Instances Receive Mail"),
        _lt("New instances get their host as alias domain: answers go to catchall@ it, which must arrive somewhere."),
    ),
    Definition(
        "saas.trial_reminder_days",
        "integer",
        3,
        _lt("Days Before a Trial Ends"),
        _lt("How many days before its trial ends a customer hears of it. 0: not at all."),
        maximum=365,
    ),
    Definition(
        "saas.renew_days",
        "integer",
        7,
        _lt("Days From Invoice to Renewal"),
        _lt("How many days before it begins the next period of a subscription is invoiced."),
        maximum=90,
    ),
    Definition(
        "saas.dunning_reminder_days",
        "days",
        "1, 5, 10",
        _lt("Days of Reminders"),
        _lt("How many days after an invoice was due reminders go out. None goes out after the suspension."),
    ),
    Definition(
        "saas.dunning_grace_days",
        "integer",
        14,
        _lt("Days Until Suspension"),
        _lt("How many days after an invoice was due what it pays for is switched off."),
        minimum=1,
        maximum=3650,
    ),
    Definition(
        "saas.dunning_retention_days",
        "integer",
        30,
        _lt("Days of Retention"),
        _lt("For how many days it stays switched off before its termination, which itself can be undone for a while."),
        maximum=3650,
    ),
    Definition(
        "saas.dunning_notice_days",
        "integer",
        7,
        _lt("Days of Notice"),
        _lt("How many days before the termination the customer hears of it. 0: not at all."),
        maximum=3650,
    ),
    Definition(
        "saas.health_timeout_seconds",
        "integer",
        10,
        _lt("Seconds Until an Instance Is Given Up"),
        _lt("Hourly look at an instance: for how long its login page is waited for. Twice in vain is down."),
        minimum=1,
        maximum=60,
    ),
    Definition(
        "saas.health_slow_seconds",
        "integer",
        5,
        _lt("Seconds of a Slow Answer"),
        _lt("An instance whose login page takes longer is not healthy. A first visit takes a second or two."),
        minimum=1,
        maximum=60,
    ),
    Definition(
        "saas.health_certificate_days",
        "integer",
        14,
        _lt("Days Before a Certificate Ends"),
        _lt("An instance whose certificate ends sooner is not healthy. 0: only one that has ended."),
        maximum=365,
    ),
    Definition(
        "saas.health_cron_failures",
        "integer",
        3,
        _lt("Failures of a Scheduled Action"),
        _lt("An instance with a scheduled action that fails so often in a row is not healthy."),
        minimum=1,
        maximum=100,
    ),
    Definition(
        "saas.health_backup_days",
        "integer",
        0,
        _lt("Days a Backup Stays Fresh"),
        _lt("An instance whose last backup is older is not healthy. 0: backups are not looked at."),
        maximum=3650,
    ),
    Definition(
        "saas.template_rebuild",
        "boolean",
        True,
        _lt("Rebuild Templates at Night"),
        _lt("Templates whose definition or code has changed are built again by themselves."),
    ),
    Definition(
        "saas.workshop_hours",
        "integer",
        24,
        _lt("Hours to Configure by Hand"),
        _lt("A template's open copy that was neither published nor discarded by then is thrown away."),
        minimum=1,
        maximum=720,
    ),
)


class SaasSettings(models.AbstractModel):
    """What an installation decides: the environment wins over the stored parameter, that over the default.

    Secrets are no settings: they come from the environment or a file alone (`saas_engine/settings.py`).
    """

    _name = "saas.settings"
    _description = "Settings of the SaaS manager"

    @api.model
    def _get_definitions(self):
        """Return the Definition of every setting. Addons add their own; `docs/configuration.md` lists ours."""
        return list(DEFINITIONS)

    @api.model
    def _get_definition(self, name):
        """Return one Definition.

        :raise KeyError: there is no such setting
        """
        for definition in self._get_definitions():
            if definition.name == name:
                return definition
        raise KeyError(name)

    @api.model
    def _get(self, name):
        """Return the typed value of a setting.

        :raise KeyError: there is no such setting
        :raise ConfigurationError: environment or parameter hold what is no such value
        """
        definition = self._get_definition(name)
        given = self._get_from_environment(definition)
        if given is not None:
            return definition.parse(given, definition.variable)
        stored = self.env["ir.config_parameter"].sudo().get_param(name)
        return definition.parse(stored) if stored else definition.default

    @api.model
    def _set(self, name, value):
        """Store a value. Where the environment decides, it keeps deciding.

        :raise ConfigurationError: not such a value
        """
        definition = self._get_definition(name)
        value = definition.parse(definition.format(value))
        self.env["ir.config_parameter"].sudo().set_param(name, definition.format(value))

    @api.model
    def _get_from_environment(self, definition):
        """Return the environment's text, or None. An empty variable decides nothing."""
        return (os.environ.get(definition.variable) or "").strip() or None
