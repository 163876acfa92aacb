import dataclasses
from pathlib import Path
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.saas_manager.saas_engine import backup, dropping, dump_file, reconcile
from odoo.addons.saas_manager.saas_engine.databases import Database
from odoo.addons.saas_manager.saas_engine.errors import DropRefusedError

from .reconcile_common import ReconcileCase

ORPHAN = "f" * 32


@tagged("post_install", "-at_install")
class TestReconcileFixes(ReconcileCase, TransactionCase):
    """Each fix by a click, with the engine's doors replaced; tests/integration does the same on a real server."""

    def _find(self, **changes):
        """Spoil the server, reconcile it, and return the line of the last kind found."""
        self.found = dataclasses.replace(self.found, **changes)
        self._reconcile()
        return self._lines()

    def _fix(self, line, user=None):
        line.with_user(user or self.administrator).action_fix()
        line._job_fix()
        return line

    def _orphan(self, name):
        mark = f"saas:{ORPHAN}"
        database = Database(name, "saas_manager", mark, True, False)
        return {"databases": {**self.found.databases, ORPHAN: [database]}, "names": self.found.names | {name}}

    def test_every_fix_has_a_method_and_a_label(self):
        line = self.env["saas.reconciliation.line"]
        labels = dict(line._get_fixes())
        self.assertEqual(labels.keys(), reconcile.FIXES.keys())
        self.assertEqual(set(dict(line._get_kinds())), set(reconcile.KINDS))
        for code in labels:
            self.assertTrue(callable(getattr(line, f"_fix_{code}")), code)

    def test_a_database_that_no_record_knows_leaves_a_dump(self):
        line = self._find(**self._orphan("gone-customer"))
        self.assertEqual((line.kind, line.state), ("database_orphan", "open"))
        kept = dump_file.BackupFile(Path("/nowhere/gone.zip"), 42, "ab" * 32)
        with (
            patch.object(type(line), "_get_provisioner", return_value=self.provisioner),
            patch.object(backup, "dump", return_value=kept) as dump,
            patch.object(dropping, "drop", return_value=[]) as drop,
        ):
            self._fix(line)
            self.assertEqual((dump.call_args.args[1].subdomain, line.state), ("gone-customer", "fixing"))
            drop.assert_not_called()
            self.assertTrue(self._jobs(line, "_job_fix_after_dump"))
            line._job_fix_after_dump()
        order, name = drop.call_args.args[3:]
        self.assertEqual((order.kind, order.key, order.state, name), ("orphan", ORPHAN, "unknown", "gone-customer"))
        self.assertEqual(order.asked_by, f"{self.administrator.name} (saas_administrator)")
        self.assertEqual((str(order.last_backup.path), order.last_backup.sha256), ("/nowhere/gone.zip", "ab" * 32))
        self.assertEqual(line.state, "fixed")

    def test_without_a_dump_the_door_refuses(self):
        """The order that the line makes is one that the engine's own rules look at."""
        line = self._find(**self._orphan("gone-customer"))
        with self.assertRaises(DropRefusedError):
            line._prepare_order("orphan", "unknown").check()
        line._prepare_order("spare", "unknown").check()

    def test_a_second_attempt_makes_a_dump_of_its_own(self):
        line = self._find(**self._orphan("gone-customer"))
        line.write({"dump_path": "/nowhere/older.zip", "dump_sha256": "x"})
        line.with_user(self.administrator).action_fix()
        self.assertFalse(line.dump_path)

    def test_spares_and_roles_are_dropped_by_administrators(self):
        line = self._find(**self._orphan("tpl_blank_v99"))
        self.assertEqual((line.kind, line.fix), ("spare_orphan", "drop_spare"))
        with patch.object(dropping, "drop", return_value=[]) as drop:
            self._fix(line)
        self.assertEqual(drop.call_args.args[3].kind, "spare")
        self.found = self._get_reality(self.instance)
        line = self._find(roles={**self.found.roles, ORPHAN: {}}).filtered("is_open")
        with patch.object(dropping, "drop_role") as drop_role:
            self._fix(line)
        self.assertEqual((drop_role.call_args.args[1].kind, line.state), ("spare", "fixed"))

    def test_a_clone_that_nobody_knows_is_adopted_and_removed(self):
        line = self._find(**self._orphan(f"pool_{ORPHAN}"))
        self.assertEqual((line.fix, line.state), ("adopt", "fixing"))
        line._job_fix()
        clone = self.env["saas.pool.clone"].search([("uuid", "=", "ffffffff-ffff-ffff-ffff-ffffffffffff")])
        self.assertEqual((clone.state, line.state), ("discarding", "fixed"))
        self._reconcile()
        self.assertFalse(self._lines().filtered("is_open"), "its job is at work")

    def test_a_clone_without_a_database_ends(self):
        clone = self.env["saas.pool.clone"]._start(self.template)
        clone._transition("ready")
        self._jobs(clone, "_job_fill").unlink()
        line = self._find()
        self.assertEqual((line.kind, line.fix), ("database_missing", "end_clone"))
        line._job_fix()
        self.assertEqual(clone.state, "discarding")

    def test_a_database_of_another_name(self):
        database = dataclasses.replace(self.found.databases[self.instance._key][0], name="elsewhere")
        line = self._find(
            databases={**self.found.databases, self.instance._key: [database]}, names=frozenset({"elsewhere"})
        ).filtered(lambda each: each.kind == "database_renamed")
        self._fix(line, self.manager)
        self.cluster.rename.assert_called_once_with("elsewhere", "acme", self.instance._key)

    def test_a_template(self):
        databases = {key: found for key, found in self.found.databases.items() if key == self.instance._key}
        line = self._find(databases=databases, names=frozenset({"acme"})).filtered("is_open")
        self.assertEqual((line.kind, line.fix, line.name), ("database_missing", "rebuild", "tpl_blank_v1"))
        self._fix(line, self.manager)
        self.assertEqual(self.template.state, "building")

    def test_a_version_that_was_replaced(self):
        self.template._write_protected({"version": 2, "database": "tpl_blank_v2"})
        old = self.found
        self.found = self._get_reality(self.instance)
        line = self._find(databases={**self.found.databases, **old.databases})
        self.assertEqual((line.fix, line.name), ("discard_version", "tpl_blank_v1"))
        self._fix(line, self.manager)
        self.assertEqual(self._jobs(self.template, "_job_discard").args, ["tpl_blank_v1"])

    def test_a_failed_attempt(self):
        self.instance._write_protected({"state": "failed", "failure_reason": "No space"})
        lines = self._find()
        self.assertEqual(set(lines.mapped("kind")), {"database_leftover", "entry_leftover"})
        withdrawn = lines.filtered(lambda line: line.kind == "entry_leftover")
        self.assertEqual(withdrawn.state, "fixing", "it is not served any longer than that")
        self._fix(lines - withdrawn, self.manager)
        self.assertTrue(self._jobs(self.instance, "_job_undo_provisioning"))

    def test_a_terminated_one_goes_with_its_final_backup_only(self):
        self.instance._write_protected({"state": "terminated", "deletion_date": "2026-01-01 00:00:00"})
        line = self._find().filtered(lambda each: each.kind == "database_leftover")
        self.assertEqual(line.fix, "remove")
        with self.assertRaises(DropRefusedError):  # no backup is on record
            self.instance._prepare_removal_order(self.instance.backup_ids).check()
        final = self.env["saas.backup"].create(
            {"name": "x", "instance_id": self.instance.id, "path": "/nowhere/x.zip", "sha256": "cd" * 32}
        )
        with (
            patch.object(dropping, "drop", return_value=[]) as drop,
            patch.object(dropping.databases, "marked", return_value=["acme"]),
        ):
            self._fix(line)
        order, name = drop.call_args.args[3:]
        self.assertEqual((order.kind, order.state, name), ("tenant", "terminated", "acme"))
        self.assertEqual(str(order.last_backup.path), final.path)

    def test_the_directory(self):
        entry = dataclasses.replace(
            self.found.entries[self.instance._key], key=ORPHAN, db="other", hosts=("other.example.com",)
        )
        line = self._find(entries={**self.found.entries, ORPHAN: entry})
        self.assertEqual((line.kind, line.name, line.state), ("entry_orphan", "other.example.com", "open"))
        with patch("odoo.addons.saas_manager.models.saas_reconciliation_fix.Directory") as directory:
            self._fix(line, self.manager)
        directory.return_value.withdraw.assert_called_once_with(ORPHAN)
