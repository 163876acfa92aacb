from odoo import http
from odoo.http import request

from .. import gateway


class SignInController(http.Controller):
    """Where the service's support signs in, by a link that the manager signed: once, within a minute, with consent.

    Reading the page does nothing and its address is the same for everybody: the token stands behind the address's #,
    which browsers send to no server. A script of the page posts it. So no log has it, no Referer carries it, and
    whatever opens links without being a browser uses none up.
    """

    @http.route(
        "/saas/sign-in", type="http", auth="public", methods=["GET", "POST"], sitemap=False, readonly=False, csrf=True
    )
    def sign_in(self, token=None, **_form):
        """Show the page, and on POST open a session and lead to the web client."""
        if request.httprequest.method != "POST":  # HEAD comes here as well, and without a check of its origin
            return self._render(None)
        host = request.httprequest.environ.get("HTTP_HOST", "")
        claims, problem = gateway.check_sign_in(request.env, host, token)
        if problem:
            return self._render(problem, status=403)
        user, problem = request.env["saas.sign.in"].sudo()._use(claims)
        if problem:
            return self._render(problem, status=403)
        self._open_session(user, claims["by"])
        response = request.redirect("/odoo", code=303)
        return self._unstored(response)

    def _open_session(self, user, by):
        """Let the browser be this user, as Odoo does after a second factor; whoever it was before is signed out."""
        session = request.session
        session.logout(keep_db=True)
        session["pre_login"], session["pre_uid"] = user.login, user.id
        session.finalize(request.env)
        session["saas_support"] = {"by": by}
        request.update_env(user=user.id)

    def _render(self, problem, status=200):
        values = {"problem": problem, "disable_footer": True, "disable_database_manager": True}
        return self._unstored(request.render("saas_tenant.sign_in_page", values, status=status))

    def _unstored(self, response):
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Frame-Options"] = "DENY"
        return response
