"""What people and programs read when a request ends at the gateway: one small page, or the same in JSON."""

import json
from html import escape
from typing import NamedTuple

from .languages import _, language_of, translate

MINUTE, MOMENT = 60, 5  # seconds
TEMPLATE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark;
  --ground: #f4f5f7; --card: #fff; --text: #24292f; --soft: #57606a; --line: #d8dee4; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ground: #16191d; --card: #20252b; --text: #e6e9ec; --soft: #a4adb6; --line: #363d45; }}
}}
* {{ box-sizing: border-box; }}
body {{ margin: 0; min-height: 100vh; display: flex; align-items: center; justify-content: center; padding: 1.25rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }}
main {{ width: 100%; max-width: 34rem; padding: clamp(1.5rem, 6vw, 3rem); background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem; }}
h1 {{ margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.3; }}
p {{ margin: .75rem 0 0; overflow-wrap: anywhere; }}
.reason {{ padding-left: .9rem; border-left: .25rem solid var(--line); white-space: pre-line; }}
.soft {{ color: var(--soft); font-size: .9rem; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
{reason}<p class="soft">{hint}</p>
</main>
</body>
</html>
"""


class Page(NamedTuple):
    status: str
    title: str
    text: str
    hint: str
    reason: str = ""
    retry_after: int = 0  # seconds; 0 does not say
    location: str = ""

    def in_language(self, language):
        """Return the same page in a language. A reason that somebody wrote stays as it is."""
        texts = {name: translate(getattr(self, name), language) for name in ("title", "text", "hint", "reason")}
        return self._replace(**texts)


NOT_FOUND = Page(
    "404 Not Found",
    _("Page not found"),
    _("There is nothing at this address."),
    _("Check the address for typos."),
)
UNKNOWN_HOST = Page(
    "404 Not Found",
    _("No site at this address"),
    _("There is no site here, or not any more."),
    _("Check the address for typos. A site that was just ordered appears here within seconds."),
)
UNAVAILABLE = Page(
    "503 Service Unavailable",
    _("This site is taking a break"),
    _("It cannot be reached for the moment. Nothing is lost."),
    _("Please try again in a minute."),
    retry_after=MINUTE,
)
SUSPENDED = Page(
    "503 Service Unavailable",
    _("This site is suspended"),
    _("It is switched off for now. Nothing is lost: all its data is kept."),
    _("If this is your site, please contact your provider."),
)
MAINTENANCE = Page(
    "503 Service Unavailable",
    _("This site is under maintenance"),
    _("It will be back soon. Nothing is lost."),
    _("Please try again in a minute."),
    retry_after=MINUTE,
)
BUSY = Page(
    "503 Service Unavailable",
    _("This site is busy"),
    _("It is at work on several things that take long, and takes on no more until one of them is done."),
    _("Please try again in a few seconds."),
    retry_after=MOMENT,
)
UNGUARDED = Page(
    "503 Service Unavailable",
    _("This site is switched off"),
    _("A part of it that belongs to the service is missing. Nothing is lost: all its data is kept."),
    _("If this is your site, please contact your provider, who knows of it already."),
    _("The app saas_tenant is not installed in this site's database, or could not be loaded."),
    retry_after=MINUTE,
)
TOO_MANY = Page(
    "429 Too Many Requests",
    _("Too many tries"),
    _("There were too many sign-ins from your network within a short time. Nothing is wrong with your account."),
    _("Please wait a minute and try again. If many people share your connection, tell your provider."),
    retry_after=MINUTE,
)
MOVED = Page(
    "410 Gone",
    _("This site has a new address"),
    _("It has moved. What was sent to the old address was not taken."),
    _("Open the new address and try again there."),
)


def for_tenant(tenant):
    """Return the page for a tenant that is not active."""
    page = {"suspended": SUSPENDED, "maintenance": MAINTENANCE}.get(tenant.state, UNKNOWN_HOST)
    return page._replace(reason=tenant.reason.strip()) if page is not UNKNOWN_HOST else page


def render(page, environ):
    """Return (status, headers, body) of a page, in the form that the client understands.

    :param dict environ: the WSGI request
    """
    language = language_of(environ)
    page = page.in_language(language)
    if wants_json(environ):
        kind, text = "application/json", json.dumps(_rpc_error(page))
    else:
        kind, text = "text/html; charset=utf-8", _html(page, language)
    body = text.encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Content-Language", language),
        ("Vary", "Accept, Accept-Language"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"),
    ]
    if page.retry_after:
        headers.append(("Retry-After", str(page.retry_after)))
    if page.location:
        headers.append(("Location", page.location))
    return page.status, headers, b"" if environ.get("REQUEST_METHOD") == "HEAD" else body


def wants_json(environ):
    """Tell whether the client asks for JSON, or sends it and does not ask for a page."""
    accept = environ.get("HTTP_ACCEPT", "")
    if "text/html" in accept:
        return False
    return "application/json" in accept or environ.get("CONTENT_TYPE", "").startswith("application/json")


def _html(page, language):
    reason = f'<p class="reason">{escape(page.reason)}</p>\n' if page.reason else ""
    texts = {name: escape(getattr(page, name)) for name in ("title", "text", "hint")}
    return TEMPLATE.format(language=language, reason=reason, **texts)


def _rpc_error(page):
    """Odoo's own form of an error: a web client that is open just now shows the text in a dialog."""
    message = page.reason or page.text
    return {
        "jsonrpc": "2.0",
        "id": None,
        "error": {
            "code": int(page.status[:3]),
            "message": page.title,
            "data": {
                "name": "odoo.exceptions.UserError",
                "message": message,
                "arguments": [message],
                "context": {},
                "debug": "",
            },
        },
    }
