"""Traefik's configuration: the one public door, and what it does not let through."""

import json

from stack import proxy_limits
from stack.paths import write_atomically
from stack.proxy_limits import Limits

# Never for the public: the database manager and the door of the job runner. Odoo decodes what it gets, so the
# rule reads a slash in all its spellings, and stands anywhere (a language may come first: /fr/web/database).
SLASH = "(?:/|%2f|%5c|%252f)+"
REFUSED = f"(?i){SLASH}(?:web{SLASH}database|queue_job{SLASH}runjob)"

# What takes a password, a code or a link, wherever it stands (a language may come first); and RPC, whose every call
# carries a password.
SIGN_IN = (
    f"(?i){SLASH}(?:web{SLASH}(?:login|signup|reset_password|session{SLASH}(?:authenticate|identity))"
    f"|xmlrpc{SLASH}(?:2{SLASH})?common|saas{SLASH}(?:sign-in|welcome)|auth{SLASH}passkey|auth-timeout{SLASH})"
)
RPC = f"(?i){SLASH}(?:jsonrpc|xmlrpc{SLASH}|json{SLASH}2{SLASH})"
# Made to be shown within other people's pages: courses of the website.
EMBEDDED = f"(?i){SLASH}slides{SLASH}embed"
# A page may use camera, microphone, place and screen (calls, barcodes, attendance); what it shows in frames may not.
PERMISSIONS = (
    "camera=(self), microphone=(self), geolocation=(self), display-capture=(self), midi=(), browsing-topics=()"
)

# Odoo decodes before it chooses a route: a hidden slash would be another path there than here.
ENCODED_CHARACTERS = {
    "allowEncodedSlash": False,
    "allowEncodedBackSlash": False,
    "allowEncodedNullCharacter": False,
    "allowEncodedSemicolon": True,
    "allowEncodedPercent": True,
    "allowEncodedQuestionMark": True,
    "allowEncodedHash": True,
}


def command(program, folder):
    return [program, f"--configfile={folder / 'traefik.yml'}"]


def write(folder, ports, addresses, base_domain, limits=proxy_limits.DEMO):
    """Write the static configuration, and the routes that Traefik watches.

    :param folder: the run's folder for Traefik
    :param dict ports: the run's ports
    :param addresses: what to listen on
    :param base_domain: `manager.<base domain>` is the manager, every other name a tenant
    :param Limits limits: what one address may do
    """
    (folder / "routes").mkdir(exist_ok=True)
    public = {
        f"public{number}": entry_point(f"{f'[{address}]' if ':' in address else address}:{ports['public']}")
        for number, address in enumerate(addresses, 1)
    }
    write_atomically(folder / "traefik.yml", static(folder, public))
    manager = f"Host(`manager.{base_domain}`)"
    write_atomically(
        folder / "routes" / "manager.yml",
        routes("manager", manager, 1000, ports["manager"], ports["manager_gevent"], limits=limits),
    )
    # The catch-all: the gateway knows which hosts exist, so a new tenant needs no change here.
    write_atomically(
        folder / "routes" / "shared.yml",
        routes("shared", "PathPrefix(`/`)", 1, ports["tenant"], ports["tenant_gevent"], limits=limits),
    )


def static(folder, entry_points, **more):
    """Return the static configuration: JSON, which is YAML too.

    No dashboard, no API, nor anything else of its own; nothing but the routes listens on the public address.
    :param folder: holds the folder `routes`, which Traefik watches
    :param dict entry_points: by name
    :param more: further sections
    """
    configuration = {
        "entryPoints": entry_points,
        "providers": {"file": {"directory": str(folder / "routes"), "watch": True}},
        "log": {"level": "WARN", "noColor": True},
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
    }
    return json.dumps(configuration | more, indent=2) + "\n"


def entry_point(address, **http):
    """Return one address that Traefik listens on.

    :param address: such as "127.0.0.1:80" or ":80"
    :param http: further settings of its section `http`
    """
    return {
        "address": address,
        # A large upload over a slow line.
        "transport": {"respondingTimeouts": {"readTimeout": "15m"}},
        "http": {
            # X_Forwarded_Host and X-Forwarded-Host are one header for Python: only Traefik's own gets through.
            "aliasHeadersStrategy": "delete",
            "encodedCharacters": ENCODED_CHARACTERS,
            **http,
        },
    }


def routes(name, rule, priority, port, gevent_port, host="127.0.0.1", limits=None):
    """Return the routes of one service. What is refused matches no route at all, which is a 404 of Traefik's own.

    :param Limits limits: what one address may do, by default as in an installation
    """
    limits = limits or Limits()
    limited = "\n".join(f"    {each}: {text}" for each, text in proxy_limits.middlewares(name, limits).items())
    # JSON is YAML. No entry points: all of them.
    public = f"entryPoints: {json.dumps(limits.entry_points)}" if limits.entry_points else "# at all entry points"
    return f"""\
http:
  routers:
    {name}:
      rule: "{rule} && !PathRegexp(`{REFUSED}`)"
      priority: {priority}
      middlewares: [{name}-headers, {name}-frames]
      service: {name}
    {name}-embedded:
      rule: "{rule} && PathRegexp(`{EMBEDDED}`) && !PathRegexp(`{REFUSED}`)"
      priority: {priority + 1}
      middlewares: [{name}-headers]
      service: {name}
    {name}-websocket:
      rule: "{rule} && PathPrefix(`/websocket`)"
      priority: {priority + 2}
      middlewares: [{name}-headers]
      service: {name}-websocket
    {name}-rpc:
      rule: "{rule} && Method(`POST`) && PathRegexp(`{RPC}`) && !PathRegexp(`{REFUSED}`)"
      priority: {priority + 3}
      {public}
      middlewares: [{name}-headers, {name}-too-many, {name}-rpc]
      service: {name}
    {name}-sign-in:
      rule: "{rule} && Method(`POST`) && PathRegexp(`{SIGN_IN}`) && !PathRegexp(`{REFUSED}`)"
      priority: {priority + 4}
      {public}
      middlewares: [{name}-headers, {name}-frames, {name}-too-many, {name}-sign-in]
      service: {name}
  middlewares:
    {name}-headers:
      headers:
        customRequestHeaders:
          # It would choose the database in place of the host's name.
          X-Odoo-Database: ""
        customResponseHeaders:
          Server: ""
        contentTypeNosniff: true
        referrerPolicy: strict-origin-when-cross-origin
        permissionsPolicy: "{PERMISSIONS}"
        # Sent over TLS only. Without subdomains: what else runs at the customer's domain is not ours to decide.
        stsSeconds: 31536000
    {name}-frames:
      headers:
        # Odoo's editor and previews are frames of the same origin. No policy for content: Odoo has its own on files.
        customFrameOptionsValue: SAMEORIGIN
{limited}
  services:
    {name}:
      loadBalancer:
        passHostHeader: true
        servers:
          - url: "http://{host}:{port}"
    {name}-websocket:
      loadBalancer:
        passHostHeader: true
        servers:
          - url: "http://{host}:{gevent_port}"
"""
