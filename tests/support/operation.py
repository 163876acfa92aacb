"""One kind of the manager's jobs, as the table of what may die meanwhile sees it; `operations.py` has them all."""

import time

from saas_engine import filestore, personalise
from saas_engine.errors import RetryableError

RETRY_SECONDS = 20
INVENTORY = """
    SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles UNION ALL SELECT db FROM saas.tenant
    UNION ALL SELECT host FROM saas.host UNION ALL SELECT host FROM saas.redirect ORDER BY 1
"""


class Operation:
    """One kind of job.

    :cvar str name: what the documents call it
    :cvar tuple points: where something may die
    :cvar tuple endings: what comes then
    :param Provisioner provisioner: of a runtime with a template
    :param TemplateBuilder builder: of the same
    """

    name = ""
    points = ()
    endings = ("retry", "way back")

    def __init__(self, provisioner, builder):
        self.provisioner, self.builder = provisioner, builder
        self.cluster, self.runtime = provisioner.cluster, provisioner.runtime
        self.directory = provisioner.directory

    def prepare(self):
        """Make what has to be there before."""

    def run(self):
        """Do it. May run again."""
        raise NotImplementedError

    def check(self):
        """Make sure that it is done, all of it."""
        raise NotImplementedError

    def remove(self):
        """Take back what there is of it, done or not, as the job that follows a failure does."""
        raise NotImplementedError

    def run_again(self):
        """Do it as queue_job does: what time can heal is tried again."""
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                return self.run()
            except RetryableError:
                assert time.monotonic() < deadline
                time.sleep(0.1)

    def inventory(self):
        """Return what there is anywhere: databases, roles, directory, folders, halves of dumps."""
        with self.cluster.connect() as connection, connection.cursor() as cr:
            cr.execute(INVENTORY)
            names = [name for (name,) in cr.fetchall()]
        folders = sorted(filestore.names(self.runtime))
        return names, folders, list(self.provisioner.settings.backup_dir.glob(".*"))

    def assert_tenant(self, spec, state="active"):
        """Make sure that a tenant is whole and the directory tells so."""
        found = self.cluster.database(spec.subdomain)
        assert found.comment == f"saas:{spec.key}" and found.allows_connections
        assert self.cluster.database(f"new_{spec.key}") is None
        assert self.files(spec.subdomain) == ["ab12", "cd34"]
        entry = self.directory.entry(spec.key)
        assert (entry.db, entry.state, entry.hosts) == (spec.subdomain, state, (spec.host,))
        with self.provisioner.connect(spec) as connection, connection.cursor() as cr:
            assert personalise.parameter(cr, personalise.MARK) == spec.key
            assert personalise.parameter(cr, "web.base.url") == spec.url

    def files(self, name):
        return sorted(path.name for path in self.runtime.filestore(name).glob("*/*"))
