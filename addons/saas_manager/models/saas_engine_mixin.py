from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError

from ..saas_engine import errors
from ..saas_engine.settings import Settings


class SaasEngineMixin(models.AbstractModel):
    """What a model needs to talk to the engine from a request."""

    _name = "saas.engine.mixin"
    _description = "Access to the SaaS engine"

    @api.model
    def _get_engine_settings(self):
        """Return the installation's settings, read from the environment and from secret files."""
        return Settings.from_environment()

    @api.model
    def _get_asker(self):
        """Return who asks the engine to drop something, for its log: the user of the request or of the job."""
        return f"{self.env.user.name} ({self.env.user.login})"

    @api.model
    @contextmanager
    def _engine_errors_as_user_errors(self):
        """Show a person what the engine says."""
        try:
            yield
        except errors.EngineError as error:
            raise UserError(str(error)) from error
