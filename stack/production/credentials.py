"""Which secrets a service needs; none of it starts without them, or with an example in place of one."""

from dataclasses import dataclass

from saas_engine.errors import ConfigurationError
from saas_engine.settings import previous_text, text_secret

from stack.errors import StackError
from stack.secret_files import PREDECESSORS, PREVIOUS

SHORTEST = 12


@dataclass(frozen=True)
class Secret:
    """A secret of an installation.

    :param variable: name in the environment; `<variable>_FILE` may name a file in its place
    :param file: what it is called among the run's secrets, as in the demo
    :param shortest: characters that it has at least
    """

    variable: str
    file: str
    shortest: int = SHORTEST


SUPERUSER = Secret("SAAS_PG_SUPERUSER_PASSWORD", "postgres")
MANAGER = Secret("SAAS_PG_MANAGER_PASSWORD", "saas_manager")
GATEWAY = Secret("SAAS_PG_GATEWAY_PASSWORD", "saas_gateway")
MASTER = Secret("SAAS_MASTER_SECRET", "master", 32)
RUNTIME = Secret("SAAS_RUNTIME_SECRET", "runtime", 32)
ADMINISTRATOR = Secret("SAAS_ADMIN_PASSWORD", "administrator")
SMTP = Secret("SAAS_SMTP_PASSWORD", "smtp", 1)
NEEDED = {
    "bootstrap": (SUPERUSER, MANAGER, GATEWAY),
    "routes": (),
    "manager": (MASTER, MANAGER, GATEWAY, ADMINISTRATOR),
    "tenant": (RUNTIME, GATEWAY),
    # Each runtime's own secrets come from the manager, in files.
    "runtimes": (),
}
# Read where they are given; a service works without them.
OPTIONAL = {"manager": (SMTP,), "tenant": (SMTP,), "runtimes": (SMTP,)}


# While the secrets are replaced these two know both, see stack/rotation.py.
KEEPS_PREVIOUS = ("manager", "tenant")


def collect(service, environ):
    """Return the secrets of a service, by the name of their file.

    :raise StackError: names every variable at fault, never a value
    """
    found, faults = {}, []
    for secret in _asked_for(service, environ):
        try:
            found[secret.file] = _value(secret, environ)
        except ConfigurationError as fault:
            faults.append(str(fault))
    if not faults:
        found |= {f"{file}{PREVIOUS}": previous_text(environ, name) or "" for name, file in predecessors(service)}
    if faults:
        raise StackError("\n".join([f"{service} does not start:", *(f"  {fault}" for fault in faults), _advice()]))
    return found


def predecessors(service):
    """Return (variable, file) of the secrets of a service that may have one before: it is in a file beside theirs."""
    needed = ((secret.variable, secret.file) for secret in NEEDED[service])
    return [(name, file) for name, file in needed if service in KEEPS_PREVIOUS and f"{file}{PREVIOUS}" in PREDECESSORS]


def variables():
    """Return the names of all variables that may hold a secret: no service passes them on."""
    secrets = {secret for needed in (*NEEDED.values(), *OPTIONAL.values()) for secret in needed}
    return {f"{secret.variable}{suffix}" for secret in secrets for suffix in ("", "_FILE")}


def _asked_for(service, environ):
    given = (secret for secret in OPTIONAL.get(service, ()) if _is_given(secret, environ))
    return (*NEEDED[service], *given)


def _is_given(secret, environ):
    return environ.get(secret.variable) or environ.get(f"{secret.variable}_FILE")


def _value(secret, environ):
    value = text_secret(environ, secret.variable)
    if len(value) < secret.shortest:
        raise ConfigurationError(f"{secret.variable} is too short: it needs at least {secret.shortest} characters.")
    if "\n" in value:
        raise ConfigurationError(f"{secret.variable} has more than one line.")
    return value


def _advice():
    return "`make secrets` writes random ones to the folder secrets/; docs/install.md tells which service reads which."
