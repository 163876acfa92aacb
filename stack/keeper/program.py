"""How a dedicated runtime is run: the shared one's command with its own role, folders, ports and limits."""

import json
import sys
from pathlib import Path

from saas_engine import naming
from saas_engine.runtime_wanted import optional_secret_line, secret_line, write

from stack import sizes
from stack.keeper import enter
from stack.processes import clean_environment

SECRETS = ("secret", "pgpass")
# Address space, which is more than memory: below this Odoo does not even start.
LEAST_BYTES = 1280 * 2**20


def command(stack, wanted, place, slot):
    """Return the command of the service."""
    given = sizes.own(wanted.workers)
    memory = max(wanted.memory_mb * 2**20, LEAST_BYTES)
    config = {f"--config={stack.odoo_conf}": f"--config={place.private / 'odoo.conf'}"}
    return [
        *(config.get(str(part), part) for part in base_command(stack, wanted.code, place, place.addons)),
        *stack.listening_at(slot.http_port, slot.gevent_port, given.workers, given.cron_workers),
        *sizes.compute(given).pool_arguments(),
        f"--limit-memory-soft={memory * 4 // 5}",
        f"--limit-memory-hard={memory}",
    ]


def base_command(stack, code, place, addons):
    """Return the part of it that the manager may run, too: the same Odoo on the tenant's database, without ports.

    :param Path addons: folder of the addons that tenants may see
    """
    command = stack.odoo_command(None, naming.gateway_role(code), place.data, [addons])
    return [*command, f"--load={stack.odoo.server_wide('saas_gateway')}"]


def environment(stack, wanted, secrets):
    """Return the variables of the service.

    :param Path secrets: the folder of `secret` and `pgpass`
    """
    outgoing = stack.tenant_environment().get("SAAS_OUTGOING_ALLOW")
    return {
        "SAAS_PG_HOST": stack.cluster.host,
        "SAAS_PG_PORT": stack.cluster.port,
        "SAAS_RUNTIME": wanted.code,
        "SAAS_DEDICATED": "1",
        "SAAS_RUNTIME_SECRET_FILE": secrets / "secret",
        "PGPASSFILE": secrets / "pgpass",
        **({"SAAS_OWN_CODE": "1"} if wanted.own_code else {}),
        **({"SAAS_OUTGOING_ALLOW": outgoing} if outgoing else {}),
        **stack.pdf_environment(),
    }


def private_files(stack, place):
    """Return what the service's user alone may read: name of a file -> its text, None: no such file.

    :raise ConfigurationError: a secret that the manager gives is not there
    """
    # While the secrets are being replaced, what they were before lies beside them; first, so that one is always right.
    before = [place.folder / f"{name}_previous" for name in SECRETS]
    secrets = {path.name: optional_secret_line(path) or None for path in before}
    secrets |= {name: secret_line(place.folder / name) for name in SECRETS}
    return {**secrets, "odoo.conf": stack.odoo_conf.read_text(encoding="utf-8")}


def start_text(stack, wanted, place, slot, separate):
    """Return what `enter.py` reads; a service has to start anew when it changes."""
    variables = environment(stack, wanted, place.private)
    temporary = place.private / "tmp"
    start = {
        "command": [str(part) for part in command(stack, wanted, place, slot)],
        # Nobody has given this user a name; Python asks for one.
        "environment": clean_environment(**variables, HOME=temporary, TMPDIR=temporary, LOGNAME=wanted.code),
        "directory": str(stack.odoo.home),
        "separate": separate,
        "uid": slot.uid,
        "gid": slot.gid,
        "shown": [str(path) for path in shown(stack, place)],
    }
    return json.dumps(start, indent=2) + "\n"


def write_runtime(stack, wanted, place, slot):
    """Write what the manager needs to reach it, and to run the same Odoo itself."""
    values = {
        "code": wanted.code,
        "release": stack.odoo.series,
        "url": f"http://{stack.service_host('runtimes')}:{slot.http_port}",
        "data_dir": str(place.data),
        "command": [str(part) for part in base_command(stack, wanted.code, place, stack.paths.tenant_addons)],
        "environment": {name: str(value) for name, value in environment(stack, wanted, place.folder).items()},
    }
    write(place.folder / "runtime.json", json.dumps(values, indent=2) + "\n")


def shown(stack, place):
    """Return the files that the service needs, as they are named and as they lie."""
    python = Path(stack.python)
    needed = [
        python.parent.parent,
        python.resolve().parent.parent,
        stack.odoo.home,
        place.addons,
        *(stack.paths.addons / name for name in ("saas_gateway", "saas_tenant")),
        stack.paths.cache,  # what was downloaded, and nothing else
        stack.pdf_engine,
        place.data,
        place.private,
    ]
    present = [Path(path) for path in needed if path and Path(path).exists()]
    return sorted({*present, *(path.resolve() for path in present)})


def entry_command(place):
    """Return the command that becomes the service."""
    return [sys.executable, "-I", Path(enter.__file__), place.start_file]
