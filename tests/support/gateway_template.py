"""The one small template of the tenant service's tests: built by Odoo once, then kept in the cache."""

import hashlib
import os
import subprocess
import tarfile

import psycopg2
from saas_engine import naming, roles
from saas_engine.directory import TenantEntry

from . import postgres
from .odoo_home import ROOT, odoo_home

TEMPLATE = "tpl_gateway_v1"
MODULES = "base,web,mail,saas_tenant"
BUILD_SECONDS = 600


def prepare(stack):
    """Restore the template from the cache, or let Odoo build it and put it there."""
    key = naming.template_key(TEMPLATE)
    roles.ensure_role(stack.cluster, key, naming.role_password(stack.secret, key), {})
    stack.cluster.clone("template1", TEMPLATE, key)
    archive = postgres.CACHE / f"test-gateway-{_fingerprint()}.tar"
    if archive.exists():
        _restore(stack, archive, key)
    else:
        _build(stack, key)
        _save(stack, archive, key)
    stack.cluster.seal(TEMPLATE, key)


def _build(stack, key):
    stack.directory.publish(TenantEntry(TEMPLATE, key, "shared", state="building"))
    what = ("-d", TEMPLATE, "-i", MODULES, "--without-demo=all", "--stop-after-init")
    serving_nobody = ("--no-http", "--workers=0", "--max-cron-threads=0")
    run(stack.command(*what, *serving_nobody), stack.environment(), BUILD_SECONDS)
    stack.directory.withdraw(key)
    with psycopg2.connect(**_as_tenant(stack, key)) as connection, connection.cursor() as cr:
        cr.execute("DELETE FROM ir_cron_trigger")
        cr.execute("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '1 day'")
    connection.close()


def _as_tenant(stack, key):
    return {
        "host": stack.server.host,
        "port": stack.server.port,
        "dbname": TEMPLATE,
        "user": naming.role_name(key),
        "password": naming.role_password(stack.secret, key),
    }


def _pg_command(stack, program, key, *arguments):
    login = _as_tenant(stack, key)
    command = [str(stack.server.binaries / program), "-h", login["host"], "-p", str(login["port"])]
    command += ["-U", login["user"], "-d", TEMPLATE, *arguments]
    run(command, {"PATH": os.environ["PATH"], "PGPASSWORD": login["password"]}, BUILD_SECONDS)


def _save(stack, archive, key):
    dump = stack.folder / "template.dump"
    options = ("--format=custom", "--compress=1", "--no-owner", "--no-privileges", "--no-comments")
    _pg_command(stack, "pg_dump", key, *options, f"--file={dump}")
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(f".{os.getpid()}")
    with tarfile.open(partial, "w") as tar:
        tar.add(dump, "template.dump")
        tar.add(stack.filestore(TEMPLATE), "filestore")
    partial.rename(archive)


def _restore(stack, archive, key):
    with tarfile.open(archive) as tar:
        tar.extractall(stack.folder, filter="data")
    options = ("--no-owner", "--no-privileges", "--no-comments", "--jobs=2", "--exit-on-error")
    _pg_command(stack, "pg_restore", key, *options, str(stack.folder / "template.dump"))
    stack.filestore(TEMPLATE).parent.mkdir(parents=True)
    (stack.folder / "filestore").rename(stack.filestore(TEMPLATE))


def run(command, environment, seconds):
    """Run a program; raise RuntimeError with the end of its output if it fails."""
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False
    )
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        raise RuntimeError(f"{command[:2]} ended with {done.returncode}:\n{output[-5000:]}")
    return output


def _fingerprint():
    """Return a short hash of all that the template is made of."""
    digest = hashlib.sha256(MODULES.encode())
    files = [path for path in (ROOT / "addons" / "saas_tenant").rglob("*") if path.suffix in (".py", ".xml", ".csv")]
    for path in sorted([odoo_home() / "odoo" / "release.py", *files]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
