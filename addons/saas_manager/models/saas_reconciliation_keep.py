from odoo import fields, models

from .saas_instance_reconcile import UNFINISHED
from .saas_reconciliation_line import OPEN_STATES


class SaasReconciliationKeep(models.Model):
    """What a comparison leaves: lines that live on until they are over, or those of a dry run."""

    _inherit = "saas.reconciliation"

    def _keep_preview(self, findings):
        """Write down what a reconciliation would do."""
        now, since = fields.Datetime.now(), self._get_first_seen()
        due = [finding for finding in findings if finding.is_due(since.get(finding.identity, now), now)]
        self.write({"finding_count": len(findings), "safe_count": len(due)})
        instances = self._get_instances(findings)
        self.env["saas.reconciliation.line"].sudo().create(
            [
                {
                    **self.line_ids._prepare_values(finding, self),
                    "is_safe": finding in due,
                    "instance_id": instances.get(finding.key),
                    "first_seen": since.get(finding.identity, now),
                    "state": "preview",
                }
                for finding in findings
            ]
        )

    def _keep_findings(self, findings, seen):
        """Bring the lines of the server up to date, and have repaired what is due.

        :param set seen: identities that a first look has found; a new one counts only if it is among them
        """
        known = self._get_known_lines()
        self.env["saas.reconciliation.line"].union(*known.values())._reopen_abandoned()
        kept = [finding for finding in findings if finding.identity in seen or finding.identity in known]
        instances, lines = self._get_instances(kept), self.env["saas.reconciliation.line"]
        for finding in kept:
            values = {**lines._prepare_values(finding, self), "instance_id": instances.get(finding.key)}
            line = known.get(finding.identity)
            if line:
                line.write(values)
            else:
                line = lines.sudo().create(values)
            lines |= line
        gone = self.env["saas.reconciliation.line"].union(*known.values()) - lines
        gone.filtered(lambda line: line.state != "fixing").write({"state": "over"})
        due = lines.filtered(lambda line: line._is_due())
        self.write({"finding_count": len(kept), "safe_count": len(due)})
        for line in due:
            line._begin_fix()
        self.server_id._tell_of_differences()

    def _get_known_lines(self):
        """Return the lines of the server that are not over yet: identity -> line."""
        domain = [("server_id", "=", self.server_id.id), ("state", "in", [*OPEN_STATES, "ignored"])]
        lines = self.env["saas.reconciliation.line"].sudo().search(domain)
        return {(line.kind, line.name): line for line in lines}

    def _get_first_seen(self):
        return {identity: line.first_seen for identity, line in self._get_known_lines().items()}

    def _get_instances(self, findings):
        """Return which instance each key of findings is: key -> id."""
        instances = self.env["saas.instance"].sudo().with_context(active_test=False)
        found = instances.search([("uuid", "in", instances._get_uuids({finding.key for finding in findings}))])
        return {instance._key: instance.id for instance in found}


class SaasReconciliationLineDue(models.Model):
    _inherit = "saas.reconciliation.line"

    def _reopen_abandoned(self):
        """Open those again whose fix nobody is about to do: its job was deleted."""
        domain = [("model_name", "=", self._name), ("state", "in", UNFINISHED)]
        jobs = self.env["queue.job"].sudo().search(domain)
        working = {job.records.id for job in jobs}
        self.filtered(lambda line: line.state == "fixing" and line.id not in working).write({"state": "open"})

    def _is_due(self):
        """Tell whether this is repaired by itself, now: also again what failed an hour ago."""
        return self.state in ("open", "failed") and self._to_finding().is_due(self.first_seen, fields.Datetime.now())

    def _needs_a_person(self):
        """Tell whether nothing will happen until somebody looks at this."""
        return self.state == "failed" or (self.state == "open" and not self.is_safe)
