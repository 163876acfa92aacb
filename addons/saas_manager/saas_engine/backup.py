"""Dumps in Odoo's own zip format: dump.sql, manifest.json, filestore/. Odoo's restore reads them."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from . import filestore, naming, processes
from .dump_file import BackupFile, checksum
from .errors import BackupError, ConfigurationError, DiskFullError

INSTALLED = "SELECT name, latest_version FROM ir_module_module WHERE state = 'installed' ORDER BY name"
BASE_VERSION = "SELECT latest_version FROM ir_module_module WHERE name = 'base'"
CHUNK = 1024 * 1024
# What a tenant made after SET ROLE NONE is its own and not saas_owner's: pg_dump could not read it.
TAKE_BACK = "SET ROLE NONE; REASSIGN OWNED BY CURRENT_USER TO saas_owner; SET ROLE saas_owner"


def dump(provisioner, spec, target):
    """Write the dump of a tenant.

    Everything is read as the tenant's role. The file has its name only when it is complete.

    :param Provisioner provisioner: of the tenant's runtime
    :param TenantSpec spec: the tenant
    :param Path target: the zip file
    :return: a BackupFile
    :raise BackupError: pg_dump failed; ends with what it said
    :raise DiskFullError: no room
    """
    target = Path(target)
    draft = target.with_name(f".{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(provisioner, spec, draft)
        os.replace(draft, target)
    except OSError as error:
        if error.errno in filestore.FULL:
            raise DiskFullError(f"The disk of {target.parent} is full.") from error
        raise BackupError(f"{target} could not be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return BackupFile(target, target.stat().st_size, checksum(target))


def _write(provisioner, spec, draft):
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            with provisioner.connect(spec) as connection, connection.cursor() as cr:
                cr.execute(TAKE_BACK)
                manifest = _manifest(cr, spec.subdomain)
            _add_dump(provisioner, spec, archive)
            archive.writestr("manifest.json", json.dumps(manifest, indent=4))
            # After the dump: a file that came later does no harm, one that is missing would.
            _add_filestore(filestore.folder(provisioner.runtime, spec.subdomain), archive)
        file.flush()
        os.fsync(file.fileno())


def _manifest(cr, db):
    """Return what `odoo.service.db.dump_db_manifest` returns."""
    cr.execute(BASE_VERSION)
    series = ".".join(cr.fetchone()[0].split(".")[:2])
    cr.execute(INSTALLED)
    major, minor = divmod(cr.connection.server_version // 100, 100)
    return {
        "odoo_dump": "1",
        "db_name": db,
        "version": series,
        "version_info": [*map(int, series.split(".")), 0, "final", 0, ""],
        "major_version": series,
        "pg_version": f"{major}.{minor}",
        "modules": dict(cr.fetchall()),
    }


def _add_dump(provisioner, spec, archive):
    cluster, role = provisioner.cluster, naming.role_name(spec.key)
    password = provisioner.runtime.tenant_password(provisioner.settings.master_secret, spec.key)
    command = [_pg_dump(provisioner.settings), "--no-owner", "--no-privileges", "--no-password"]
    command += ["--host", cluster.host, "--port", str(cluster.port), "--username", role, "--dbname", spec.subdomain]
    with _password_file(password) as passfile, tempfile.TemporaryFile() as complaints:
        environment = {**processes.plain_environment(), "PGPASSFILE": f"/proc/self/fd/{passfile}"}
        with subprocess.Popen(  # noqa: S603 - argv and no shell; the names were checked by naming.py
            command, env=environment, stdout=subprocess.PIPE, stderr=complaints, pass_fds=[passfile]
        ) as process:
            with archive.open("dump.sql", "w", force_zip64=True) as entry:
                shutil.copyfileobj(process.stdout, entry, CHUNK)
        if process.returncode:
            complaints.seek(0)
            tail = complaints.read()[-2000:].decode("utf-8", "replace").strip()
            raise BackupError(f"pg_dump of {spec.subdomain} failed: {tail}")


@contextlib.contextmanager
def _password_file(password):
    """Give the descriptor of a file that libpq reads the password from.

    It is in memory: argv and environment don't show it, and a kill leaves no file behind.
    """
    with open(os.memfd_create("pgpass"), "wb", buffering=0) as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(f"*:*:*:*:{password}\n".encode())
        yield file.fileno()


def _pg_dump(settings):
    if settings.pg_bin:
        program = settings.pg_bin / "pg_dump"
        if program.is_file():
            return str(program)
        raise ConfigurationError(f"SAAS_PG_BIN: there is no pg_dump in {settings.pg_bin}.")
    program = shutil.which("pg_dump")
    if program is None:
        raise ConfigurationError("pg_dump is not on the PATH; SAAS_PG_BIN may name its folder.")
    return program


def _add_filestore(folder, archive):
    for top, _folders, names in os.walk(folder):
        for name in names:
            path = Path(top) / name
            if path.is_symlink() or not path.is_file():
                continue  # Odoo writes files only; a link could lead out of the folder
            with contextlib.suppress(FileNotFoundError):  # collected by Odoo meanwhile: nothing refers to it
                archive.write(path, Path("filestore") / path.relative_to(folder))
