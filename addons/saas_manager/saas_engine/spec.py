"""What the manager asks the engine for: one tenant."""

import dataclasses

from . import naming
from .errors import InvalidNameError


@dataclasses.dataclass(frozen=True)
class TenantSpec:
    """One tenant, complete. The key stays for life; the subdomain may change.

    :param str key: the instance's UUID as 32 hex digits
    :param str subdomain: also the database's name
    :param str host: what browsers ask for, without a port: ``acme.example.com``
    :param str url: the public address with scheme and port, frozen into the database
    :param str template_database: the sealed database to clone; may be empty where nothing is cloned
    :param str pool_key: the key of a clone of the template that waits in the pool for this tenant; may be empty
    :param dict limits: the plan's limits, as the directory publishes them and the role has them
    :param dict notices: what its administrators are told, published beside the limits
    :param bool has_mail_domain: whether mails to the host arrive, so that it becomes the tenant's alias domain
    """

    key: str
    subdomain: str
    host: str
    url: str
    template_database: str = ""
    pool_key: str = ""
    release: str = ""
    limits: dict = dataclasses.field(default_factory=dict)
    notices: dict = dataclasses.field(default_factory=dict)
    has_mail_domain: bool = False
    company_name: str = ""
    admin_name: str = ""
    admin_email: str = ""
    lang: str = ""
    tz: str = ""

    def __post_init__(self):
        naming.role_name(self.key)
        # The shape alone: a name that became reserved later must stay removable. `reserve` asks for more.
        if not naming.SUBDOMAIN.fullmatch(self.subdomain):
            raise InvalidNameError(f"Not a subdomain: {self.subdomain!r}")
        if self.template_database:
            naming.database_name(self.template_database)
        if self.pool_key:
            naming.pool_database(self.pool_key)
