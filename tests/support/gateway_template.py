"""The templates of the tenant service's tests, one small one above all: built by Odoo once, then kept in the cache."""

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


def prepare(stack, name=TEMPLATE, modules=MODULES):
    """Restore a template from the cache, or let Odoo build it and put it there.

    :param str name: of its database
    :param str modules: what is installed in it, separated by commas
    """
    key = naming.template_key(name)
    roles.ensure_role(stack.cluster, key, naming.role_password(stack.secret, key), {})
    stack.cluster.clone("template1", name, key)
    archive = postgres.CACHE / f"test-gateway-{_fingerprint(modules)}.tar"
    if archive.exists():
        _restore(stack, name, archive, key)
    else:
        _build(stack, name, modules, key)
        _save(stack, name, archive, key)
    stack.cluster.seal(name, key)


def _build(stack, name, modules, key):
    stack.directory.publish(TenantEntry(name, key, "shared", state="building"))
    what = ("-d", name, "-i", modules, "--without-demo=all", "--stop-after-init")
    serving_nobody = ("--no-http", "--workers=0", "--max-cron-threads=0")
    run(stack.command(*what, *serving_nobody), stack.environment(), BUILD_SECONDS)
    stack.directory.withdraw(key)
    with psycopg2.connect(**_as_tenant(stack, name, key)) as connection, connection.cursor() as cr:
        cr.execute("DELETE FROM ir_cron_trigger")
        cr.execute("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '1 day'")
    connection.close()


def _as_tenant(stack, name, key):
    return {
        "host": stack.server.host,
        "port": stack.server.port,
        "dbname": name,
        "user": naming.role_name(key),
        "password": naming.role_password(stack.secret, key),
    }


def _pg_command(stack, program, name, key, *arguments):
    login = _as_tenant(stack, name, key)
    command = [str(stack.server.binaries / program), "-h", login["host"], "-p", str(login["port"])]
    command += ["-U", login["user"], "-d", name, *arguments]
    run(command, {"PATH": os.environ["PATH"], "PGPASSWORD": login["password"]}, BUILD_SECONDS)


def _save(stack, name, archive, key):
    dump = stack.folder / "template.dump"
    options = ("--format=custom", "--compress=1", "--no-owner", "--no-privileges", "--no-comments")
    _pg_command(stack, "pg_dump", name, key, *options, f"--file={dump}")
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(f".{os.getpid()}")
    with tarfile.open(partial, "w") as tar:
        tar.add(dump, "template.dump")
        tar.add(stack.filestore(name), "filestore")
    partial.rename(archive)


def _restore(stack, name, archive, key):
    with tarfile.open(archive) as tar:
        tar.extractall(stack.folder, filter="data")
    options = ("--no-owner", "--no-privileges", "--no-comments", "--jobs=2", "--exit-on-error")
    _pg_command(stack, "pg_restore", name, key, *options, str(stack.folder / "template.dump"))
    stack.filestore(name).parent.mkdir(parents=True, exist_ok=True)
    (stack.folder / "filestore").rename(stack.filestore(name))


def run(command, environment, seconds):
    """Run a program; raise RuntimeError with the end of its output if it fails."""
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False
    )
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        raise RuntimeError(f"{command[:2]} ended with {done.returncode}:\n{output[-5000:]}")
    return output


def _fingerprint(modules):
    """Return a short hash of all that a template is made of."""
    digest = hashlib.sha256(modules.encode())
    files = [path for path in (ROOT / "addons" / "saas_tenant").rglob("*") if path.suffix in (".py", ".xml", ".csv")]
    for path in sorted([odoo_home() / "odoo" / "release.py", *files]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
