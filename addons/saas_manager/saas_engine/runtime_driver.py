"""Dedicated runtimes: created, started, stopped, removed by saying so. A keeper does it; the manager starts no process.

What the keeper is differs (`stack/keeper`): in the demo it asks the supervisor, in compose it is a service, with
systemd it starts template units. This interface is the same for all of them: a folder that both can write.
"""

import contextlib
import dataclasses
import fcntl
import os
import time
from pathlib import Path

from . import gateway_roles, naming
from .directory import Directory
from .errors import ConfigurationError, EngineError, RetryableError
from .runtime import Runtime
from .runtime_wanted import Status, Wanted, write
from .settings import PREVIOUS

KEEPER_SECONDS = 10
START_SECONDS = 180
LOOK_SECONDS = 0.05


class RuntimeDriver:
    """The dedicated runtimes of an installation.

    :param Settings settings: for the folder and the master secret
    """

    def __init__(self, settings):
        self.settings = settings

    @property
    def is_available(self):
        """Whether this installation has a keeper."""
        return self.settings.dedicated_dir is not None

    def folder(self, code):
        """Return the folder of a runtime.

        :raise ConfigurationError: this installation keeps no dedicated runtimes
        """
        if not self.is_available:
            raise ConfigurationError("SAAS_DEDICATED_DIR is not set: this installation has no services of one's own.")
        return Path(self.settings.dedicated_dir) / naming.runtime_code(code)

    def create(self, cluster, code, **options):
        """Have a runtime that runs: its role, its secrets, and the wish for it. Runs again.

        :param Cluster cluster: where its gateway's role lives
        :param options: `own_code`, `workers`, `memory_mb` of `Wanted`
        """
        gateway_roles.ensure(cluster, code, self._secret(code))
        self.folder(code).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_secrets(code)
        self._want(code, state="running", **options)

    def codes(self):
        """Return the codes of all runtimes of this kind, in order."""
        if not self.is_available:
            return []
        return sorted(path.parent.name for path in Path(self.settings.dedicated_dir).glob("*/wanted.json"))

    def renew_secrets(self, code):
        """Have a runtime know the present secret, and the one before as long as that counts. It goes on running."""
        self._write_secrets(code)
        self._want(code)

    def _write_secrets(self, code):
        """Write what its gateway reads; the one before first, so that one of both is right at any moment."""
        before = self.settings.previous_secret
        for suffix, master in ((PREVIOUS, before), ("", self.settings.master_secret)):
            secret = naming.runtime_secret(master, code) if master else ""
            line = (
                f"*:*:*:{naming.gateway_role(code)}:{naming.gateway_password(secret.encode(), code)}\n"
                if master
                else ""
            )
            write(self.folder(code) / f"secret{suffix}", secret)
            write(self.folder(code) / f"pgpass{suffix}", line)

    def _secret(self, code):
        return naming.runtime_secret(self.settings.master_secret, code).encode()

    def start(self, code, **options):
        """Have it run, with these options if any are given."""
        self._want(code, state="running", **options)

    def restart(self, code, **options):
        """Have it start anew."""
        self._want(code, state="running", restarts=self.wanted(code).restarts + 1, **options)

    def stop(self, code):
        """Have it stopped; all of it stays."""
        self._want(code, state="stopped")

    def remove(self, cluster, code, seconds=KEEPER_SECONDS * 4):
        """Have nothing of it left. One that is not there is fine.

        :raise EngineError: tenants' files or rows are still there
        :raise RetryableError: its keeper is slow
        """
        Directory(cluster).remove_runtime(code)
        if self.is_available and self.folder(code).is_dir():
            self._want(code, state="removed", hosts={})
            self._wait(code, lambda: not self.folder(code).exists(), seconds)
        gateway_roles.remove(cluster, code)

    def route(self, code, hosts):
        """Lead hosts to a runtime, and no others; return when that is so.

        :param dict hosts: as in `Wanted`
        :raise RetryableError: its keeper is away
        """
        if self.wanted(code).hosts != hosts:
            self._want(code, hosts=hosts)
        revision = self.wanted(code).revision
        self._wait(code, lambda: self.status(code).revision >= revision, KEEPER_SECONDS)

    def wanted(self, code):
        """Return what is wanted of it.

        :raise EngineError: it does not exist
        """
        wanted = Wanted.load(self.folder(code))
        if wanted is None:
            raise EngineError(f'There is no service "{code}".')
        return wanted

    def status(self, code):
        """Return what its keeper says of it; None of one that does not exist."""
        folder = self.folder(code)
        return Status.load(folder) if folder.is_dir() else None

    def runtime(self, code):
        """Return how it is reached, as its keeper has written it down."""
        return Runtime.load(self.settings.dedicated_dir, code, dedicated=True)

    def wait_until_it_runs(self, code, seconds=START_SECONDS):
        """Return when it answers.

        :raise EngineError: it failed; says why
        :raise RetryableError: it takes longer
        """
        revision = self.wanted(code).revision

        def is_up():
            status = self.status(code)
            if status.revision >= revision and status.state == "failed":
                raise EngineError(f'The service "{code}" does not start: {status.reason}')
            return status.revision >= revision and status.state == "running"

        self._wait(code, is_up, seconds)

    def wait_until_settled(self, code, seconds):
        """Return when it runs, is stopped, or has failed, as far as its keeper can tell by then."""
        revision = self.wanted(code).revision

        def is_settled():
            status = self.status(code)
            return status is None or (status.revision >= revision and status.state != "starting")

        self._wait(code, is_settled, seconds)

    def _want(self, code, **changes):
        folder = self.folder(code)
        with _locked(folder):  # a job and a person may want something of it at once
            before = Wanted.load(folder) or Wanted(code)
            dataclasses.replace(before, revision=before.revision + 1, **changes).save(folder)

    def _wait(self, code, is_done, seconds):
        deadline = time.monotonic() + seconds
        while not is_done():
            if time.monotonic() > deadline:
                raise RetryableError(
                    f'The service "{code}" is not as it should be after {seconds} s. Is its keeper running?', seconds=15
                )
            time.sleep(LOOK_SECONDS)


@contextlib.contextmanager
def _locked(folder):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
