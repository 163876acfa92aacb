from odoo import http
from odoo.exceptions import UserError
from odoo.http import request


class WelcomeController(http.Controller):
    """Where the link of the welcome mail leads.

    Reading the page changes nothing: mail scanners open links. Posting its form uses the link up.
    """

    @http.route(
        "/saas/welcome/<string:key>/<int:serial>/<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        sitemap=False,
        readonly=False,
    )
    def welcome(self, key, serial, token, **form):
        """Show the page, and on POST lead to where the customer sets a password."""
        instance = request.env["saas.instance"]._find_by_welcome_link(key, serial, token)
        if not instance:
            return self._render(instance, "unknown", status=404)
        if request.httprequest.method == "POST":
            return self._send_new_link(instance) if form.get("again") else self._use(instance, serial)
        return self._render(instance, instance._get_welcome_problem(serial))

    def _use(self, instance, serial):
        instance._lock_for_transition()
        instance.invalidate_recordset()
        problem = instance._get_welcome_problem(serial)
        if problem:
            return self._render(instance, problem)
        try:
            return request.redirect(instance._use_welcome_link(), code=303, local=False)
        except UserError:
            return self._render(instance, "unavailable", status=503)

    def _send_new_link(self, instance):
        """Mail a new link to the address that got the old one. Never shown here: the link may have been forwarded."""
        if instance._can_send_new_link():
            instance._send_welcome()
        return self._render(instance, "sent")

    def _render(self, instance, problem, status=200):
        values = {
            "instance_name": instance.name,
            "instance_url": instance.url,
            "problem": problem,
            "disable_footer": True,
            "disable_database_manager": True,
        }
        response = request.render("saas_manager.welcome_page", values, status=status)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
