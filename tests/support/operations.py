"""What the manager's jobs do in the engine, step by step, for the table of what may die meanwhile."""

import dataclasses
import uuid
from datetime import UTC, datetime

from saas_engine import backup, dump_file, naming, removal
from saas_engine.pool import Pool
from saas_engine.renaming import rename
from saas_engine.template_build import TemplateSpec

from . import tenants
from .crashing import Point
from .operation import Operation

DIRECTORY = "directory.Directory"


class Build(Operation):
    """A template's version."""

    name = "build"
    endings = ("retry",)  # which begins with the way back
    spec = TemplateSpec("blank", 1, ["base", "web"], "de_DE", "DE", "EUR", "Europe/Berlin", "A4")
    points = (
        Point("make the role", "roles.ensure_role"),
        Point("clone the database", "databases.create_draft"),
        Point("hand it over", "databases.hand_over"),
        Point("publish as building", "template_build.TemplateBuilder.publish"),
        Point("install base", "processes.run"),
        Point("set language and country", "processes.run", call=2),
        Point("install the apps", "processes.run", call=3),
        Point("generate the web assets", "processes.run", call=4),
        Point("vacuum", "template_build.vacuum"),
        Point("look at its page", "web.wait_for_login_page"),
        Point("withdraw it", f"{DIRECTORY}.withdraw", call=2),
        Point("seal it", "cluster.Cluster.seal"),
        Point("drop the role", "dropping._drop_role", call=2),
        Point("tell the manager", "dropping._drop_role", after=True, call=2),
    )

    def run(self):
        self.builder.build(self.spec)

    def check(self):
        assert self.cluster.database(self.spec.database).sealed
        assert "asset" in self.files(self.spec.database)
        assert self.directory.entries() == []

    def remove(self):
        key = naming.template_key(self.spec.database)
        self.builder.discard(self.spec.database, tenants.order("template", key, "replaced"))


class Refill(Operation):
    """A clone for the pool."""

    name = "pool refill"
    points = (
        Point("copy the files", "filestore._copy"),
        Point("name the folder", "filestore._copy", after=True),
        Point("clone the database", "databases.create_draft"),
        Point("mark and name it", "databases.take_over"),
        Point("end that transaction", "databases.take_over", after=True),
        Point("tell the manager", "cluster.Cluster.prepare", after=True),
    )

    def prepare(self):
        self.key, self.pool = uuid.uuid4().hex, Pool(self.cluster, self.runtime)

    def run(self):
        self.pool.fill(self.key, tenants.TEMPLATE)

    def check(self):
        assert self.pool.keys() == self.pool.complete_keys() == {self.key}
        assert self.files(f"pool_{self.key}") == ["ab12", "cd34"]

    def remove(self):
        self.pool.discard(tenants.order("pool", self.key, "discarding"))


class Provision(Operation):
    """A tenant from its template."""

    name = "provision"
    points = (
        Point("reserve", "provisioning.Provisioner.reserve"),
        Point("make the role", "roles.ensure_role"),
        Point("clone the database", "databases.create_draft"),
        Point("hand it over", "databases.hand_over"),
        Point("copy the files", "filestore._copy"),
        Point("name the folder", "filestore._copy", after=True),
        Point("personalise", "personalise.personalise"),
        Point("end that transaction", "personalise.set_parameter", after=True, call=6),
        Point("publish", f"{DIRECTORY}.publish"),
        Point("verify", "web.wait_for_login_page"),
        Point("tell the manager", "web.wait_for_login_page", after=True),
    )

    def prepare(self):
        self.spec = tenants.make_spec()

    def run(self):
        tenants.provision(self.provisioner, self.spec)
        self.provisioner.verify(self.spec)

    def check(self):
        self.assert_tenant(self.spec)

    def remove(self):
        self.provisioner.undo(self.spec)


class Claim(Provision):
    """A tenant from a clone of the pool."""

    name = "claim"
    points = (
        Point("make the role", "roles.ensure_role"),
        Point("hand the clone over", "databases.hand_over"),
        Point("mark and name it", "databases.take_over"),
        Point("end that transaction", "databases.open_to_role", after=True),
        Point("rename the folder", "filestore.rename"),
        Point("personalise", "personalise.personalise"),
        Point("publish", f"{DIRECTORY}.publish"),
    )

    def prepare(self):
        self.pool, key = Pool(self.cluster, self.runtime), uuid.uuid4().hex
        self.pool.fill(key, tenants.TEMPLATE)
        self.spec = tenants.make_spec(pool_key=key)

    def check(self):
        super().check()
        assert self.pool.keys() == set()


class Suspend(Provision):
    """A tenant is taken off the air."""

    name = "suspend"
    points = (
        Point("publish the state", f"{DIRECTORY}.set_state"),
        Point("tell the manager", f"{DIRECTORY}.set_state", after=True),
    )

    def prepare(self):
        super().prepare()
        tenants.provision(self.provisioner, self.spec)

    def run(self):
        self.directory.set_state(self.spec.key, "suspended", "unpaid")

    def check(self):
        self.assert_tenant(self.spec, "suspended")


class Rename(Suspend):
    """A tenant gets another address."""

    name = "rename"
    points = (
        Point("publish the maintenance", f"{DIRECTORY}.set_state"),
        Point("close the database", "databases.close"),
        Point("rename it", "databases.rename"),
        Point("open it", "databases.open_to_role"),
        Point("rename the folder", "filestore.rename"),
        Point("freeze the address", "personalise.set_address"),
        Point("end that transaction", "mail_domain.rename", after=True),
        Point("publish", f"{DIRECTORY}.publish"),
        Point("tell the manager", f"{DIRECTORY}.publish", after=True),
    )

    def prepare(self):
        super().prepare()
        new = tenants.make_spec(key=self.spec.key)
        self.wanted = dataclasses.replace(self.spec, subdomain=new.subdomain, host=new.host, url=new.url)

    def run(self):
        rename(self.provisioner, self.wanted, self.spec.subdomain)

    def check(self):
        self.assert_tenant(self.wanted)
        assert self.cluster.database(self.spec.subdomain) is None
        assert self.files(self.spec.subdomain) == []

    def remove(self):
        """The way back of a rename that failed; then the tenant as such."""
        rename(self.provisioner, self.spec, self.wanted.subdomain)
        self.assert_tenant(self.spec)
        self.provisioner.undo(self.spec)


class LastDump(Suspend):
    """The first half of the end: a dump, whose record is committed before anything is dropped."""

    name = "terminate: dump"
    points = (
        Point("dump the database", "backup._add_dump"),
        Point("dump the files", "backup._add_filestore"),
        Point("name the dump", "backup.os.replace"),
        Point("tell the manager", "backup.checksum", after=True),
    )

    def run(self):
        self.record = backup.dump(self.provisioner, self.spec, self.target)

    @property
    def target(self):
        return self.provisioner.settings.backup_dir / f"{self.spec.key}.zip"

    def check(self):
        dump_file.check(self.record)
        self.assert_tenant(self.spec)

    def remove(self):
        """Nothing has happened to the tenant; a half dump is replaced by the next."""
        self.assert_tenant(self.spec)
        self.run_again()
        self.provisioner.undo(self.spec)


class Removal(LastDump):
    """The second half: all of it goes."""

    name = "terminate: removal"
    points = (
        Point("check the dump", "dump_file.check"),
        Point("withdraw the address", f"{DIRECTORY}.withdraw"),
        Point("close the database", "databases.close"),
        Point("remove the files", "dropping._drop_folder"),
        Point("drop the database", "dropping._drop_database"),
        Point("drop the role", "dropping._drop_role"),
        Point("tell the manager", "dropping._drop_role", after=True),
    )

    def prepare(self):
        super().prepare()
        super().run()

    def run(self):
        asked = tenants.order("tenant", self.spec.key, "terminating", due=datetime.now(UTC), last_backup=self.record)
        removal.remove(self.cluster, self.runtime, self.spec, asked)

    def check(self):
        dump_file.check(self.record)

    def remove(self):
        """There is no way back; the way on is the same again."""
        self.run_again()


OPERATIONS = (Build, Refill, Claim, Provision, Suspend, Rename, LastDump, Removal)
