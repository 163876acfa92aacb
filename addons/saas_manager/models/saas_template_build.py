import time
from contextlib import contextmanager

from odoo import fields, models

SECONDS_BETWEEN_WRITES = 1.0


class SaasTemplateBuild(models.Model):
    """One attempt to build a template, with its log.

    The log is written while the job runs, in transactions of its own, so that people can follow it. The job itself
    does not touch this record before the log is closed.
    """

    _name = "saas.template.build"
    _description = "Template Build"
    _order = "id desc"
    _rec_name = "version"

    template_id = fields.Many2one("saas.template", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="template_id.company_id", store=True)
    version = fields.Integer(readonly=True)
    state = fields.Selection(
        [("running", "Running"), ("done", "Done"), ("failed", "Failed")],
        default="running",
        required=True,
        readonly=True,
    )
    progress = fields.Char(readonly=True)
    log = fields.Text(readonly=True)
    error = fields.Text(readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)
    seconds = fields.Float("Time (s)", digits=(10, 1), readonly=True)

    @contextmanager
    def _open_log(self):
        """Give a function that takes lines, and writes them to this record about once a second."""
        self.ensure_one()
        lines, state = [], {"written": time.monotonic()}

        def log(line):
            lines.append(line)
            if time.monotonic() - state["written"] > SECONDS_BETWEEN_WRITES:
                self._write_log(lines)
                state["written"] = time.monotonic()

        try:
            yield log
        finally:
            self._write_log(lines)

    def _write_log(self, lines):
        with self.env.registry.cursor() as cr:
            build = self.with_env(self.env(cr=cr))
            build.write({"log": "\n".join(lines), "progress": lines[-1][:200] if lines else False})
            build.template_id._notify_progress()

    def _finish(self):
        self._end("done")

    def _fail(self, reason):
        self._end("failed", error=reason)

    def _end(self, state, **values):
        """Close builds. In a transaction of its own: the log was written after the job's transaction began."""
        with self.env.registry.cursor() as cr:
            for build in self.with_env(self.env(cr=cr)):
                now = fields.Datetime.now()
                seconds = (now - build.create_date).total_seconds()
                build.write({"state": state, "finished_at": now, "seconds": seconds, "progress": False, **values})
        self.invalidate_recordset()
