"""Names and derived secrets. Every name that reaches SQL, a path or a host was checked here.

`saas_gateway/naming.py` derives the same role names and passwords on its own (a tenant service has no
access to the manager's code); `tests/unit/vectors.json` holds the two together.
"""

import base64
import hashlib
import hmac
import re
import uuid

from .errors import ConfigurationError, InvalidNameError

SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
TENANT_KEY = re.compile(r"[0-9a-f]{32}")
TEMPLATE_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
RUNTIME_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
MODULE = re.compile(r"[a-z][a-z0-9_]*")
DATABASE = re.compile(r"[a-z0-9][a-z0-9_-]{1,62}")
TEMPLATE_DATABASE = re.compile(r"tpl_[a-z][a-z0-9_]{0,39}_v[0-9]{1,9}")
POOL_PREFIX = "pool_"
WORKSHOP_PREFIX = "work_"
POOL_DATABASE = re.compile(POOL_PREFIX + TENANT_KEY.pattern)
TEMPLATE_NAMESPACE = uuid.UUID("8a3c6f5e-6a0e-4a55-9d52-2f0b7a3f4c11")
SECRET_BYTES = 32

# Names that people expect to be ours, or that would let a customer pass for us.
RESERVED = frozenset(
    """
    about abuse account accounts admin administrator api app apps assets auth autoconfig autodiscover backup
    billing blog cdn chat cloud cname connect console customer customers dashboard database db demo dev dns docs
    download email files forum ftp git help helpdesk host hostmaster http https id imap info internal invoice jobs
    kube kubernetes legal localhost login logs mail manager media metrics monitor mta-sts mx my news noreply ns ns1
    ns2 oauth odoo ops partner partners pay payment payments pop pop3 portal postgres postmaster private prod
    production proxy public register registry reports root saas sales secure security server service services
    shop signin signup smtp sql ssh ssl sso staging static stats status store superuser support system template
    template0 template1 tenant tenants test tls traefik uat update vpn web webmail webmaster wiki www www1 www2
    """.split()  # noqa: SIM905 - a list of words reads better than a list of strings
)


def subdomain(value):
    """Normalise and check what a person typed as the first label of an address.

    :param str value: as typed; case and surrounding space do not matter
    :return: the subdomain, which is the database's name too
    :raise InvalidNameError: with a message for the person, who sees it at the field
    """
    name = (value or "").strip().lower()
    if not name:
        raise InvalidNameError("Choose a subdomain.")
    if len(name) < 3 or len(name) > 63:
        raise InvalidNameError("A subdomain has 3 to 63 characters.")
    if not SUBDOMAIN.fullmatch(name):
        raise InvalidNameError(
            "A subdomain consists of the letters a to z, digits and dashes, and neither begins nor ends with a dash."
        )
    if name.isdigit():
        raise InvalidNameError("A subdomain needs at least one letter.")
    if name.startswith("xn--") or name[2:4] == "--":
        raise InvalidNameError("International names (xn--) are not available as a subdomain.")
    if name in RESERVED:
        raise InvalidNameError(f'"{name}" is reserved. Choose another subdomain.')
    return name


def tenant_key(instance_uuid):
    """Return the key of an instance: its UUID as 32 hex digits, whatever way it is written."""
    try:
        return uuid.UUID(str(instance_uuid)).hex
    except ValueError:
        raise InvalidNameError(f"Not a UUID: {instance_uuid!r}") from None


def role_name(key):
    """Return the PostgreSQL login role of the tenant with this key."""
    return f"tenant_{_checked(TENANT_KEY, key, 'key')}"


def draft_database(key):
    """Return the name under which a clone is prepared, before it gets its real one."""
    return f"new_{_checked(TENANT_KEY, key, 'key')}"


def pool_database(key):
    """Return the name under which a clone waits for a tenant; the key is the clone's own."""
    return f"{POOL_PREFIX}{_checked(TENANT_KEY, key, 'key')}"


def workshop_database(key):
    """Return the name of a template's copy that people work on; the key is the copy's own."""
    return f"{WORKSHOP_PREFIX}{_checked(TENANT_KEY, key, 'key')}"


def template_database(code, version):
    """Return the database name of one version of a template."""
    return f"tpl_{_checked(TEMPLATE_CODE, code, 'template code')}_v{int(version)}"


def template_key(database):
    """Return the key of a template's build: it has no instance, so its name decides."""
    return uuid.uuid5(TEMPLATE_NAMESPACE, _checked(TEMPLATE_DATABASE, database, "template database")).hex


def database_name(name):
    """Check the name of any database of ours, whether a tenant's, a draft's or a template's."""
    return _checked(DATABASE, name, "database name")


def database_mark(key):
    """Return the comment by which a database of this key is known as ours."""
    return f"saas:{_checked(TENANT_KEY, key, 'key')}"


def runtime_code(code):
    """Check a runtime's code, which becomes a folder's name."""
    return _checked(RUNTIME_CODE, code, "runtime code")


def gateway_role(code):
    """Return the PostgreSQL login role of a dedicated runtime's gateway. The shared one's is `saas_gateway`."""
    return f"saas_gateway_{runtime_code(code)}"


def module_names(text):
    """Return the technical names of modules that stand in a text, separated by commas; each once, in its order."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    return list(dict.fromkeys(_checked(MODULE, name, "technical name of an app") for name in names))


def _checked(pattern, value, what):
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidNameError(f"Not a {what}: {value!r}")
    return value


def runtime_secret(master, code):
    """Derive what the passwords of one runtime's tenants come from.

    :param bytes master: the installation's master secret
    :param str code: the runtime's code
    :return: URL-safe text, which is what the runtime's secret file contains
    """
    return _derive(master, b"saas-runtime-1:", runtime_code(code))


def role_password(secret, key):
    """Derive the password of a tenant's role.

    :param bytes secret: the runtime's secret, as its file contains it
    :param str key: the tenant's key
    """
    return _derive(secret, b"saas-tenant-role-1:", _checked(TENANT_KEY, key, "key"))


def gateway_password(secret, code):
    """Derive the password of a dedicated runtime's gateway.

    :param bytes secret: the runtime's secret
    :param str code: the runtime's code
    """
    return _derive(secret, b"saas-gateway-role-1:", runtime_code(code))


def secret_mark(secret):
    """Return what shows that a gateway knows a runtime's secret: the name of its connection carries it.

    :param bytes secret: the runtime's secret, as its file contains it
    """
    return f"saas_gateway {hmac.new(secret, b'saas-mark-1:', hashlib.sha256).hexdigest()[:16]}"


def sign_in_key(secret, key):
    """Derive the key that signs the sign-in links of one tenant: from its runtime's secret, as its gateway does.

    :param bytes secret: the runtime's secret, as its file contains it
    :param str key: the tenant's key
    """
    return _derive(secret, b"saas-sign-in-1:", _checked(TENANT_KEY, key, "key"))


def sign_in_key_of(master, runtime, key):
    """Derive the same from the installation's master secret and the runtime's code."""
    return sign_in_key(runtime_secret(master, runtime).encode(), key)


def link_key(master, key):
    """Derive the key that signs the links of one instance that lead to the manager (welcome)."""
    return _derive(master, b"saas-instance-link-1:", _checked(TENANT_KEY, key, "key"))


def _derive(secret, purpose, name):
    if len(secret) < SECRET_BYTES:
        raise ConfigurationError(f"A secret has at least {SECRET_BYTES} bytes.")
    digest = hmac.new(secret, purpose + name.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
