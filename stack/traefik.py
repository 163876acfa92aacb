"""Traefik's configuration: the one public door, and what it does not let through."""

from stack.paths import write_atomically

# Never for the public: the database manager and the door of the job runner. Odoo decodes what it gets, so the
# rule reads a slash in all its spellings, and stands anywhere (a language may come first: /fr/web/database).
SLASH = "(?:/|%2f|%5c|%252f)+"
REFUSED = f"(?i){SLASH}(?:web{SLASH}database|queue_job{SLASH}runjob)"


def command(program, folder):
    return [program, f"--configfile={folder / 'traefik.yml'}"]


def write(folder, ports, addresses, base_domain):
    """Write the static configuration, and the routes that Traefik watches.

    :param folder: the run's folder for Traefik
    :param dict ports: the run's ports
    :param addresses: what to listen on
    :param base_domain: `manager.<base domain>` is the manager, every other name a tenant
    """
    (folder / "routes").mkdir(exist_ok=True)
    write_atomically(folder / "traefik.yml", _static(folder, ports["public"], addresses))
    manager = f"Host(`manager.{base_domain}`)"
    write_atomically(
        folder / "routes" / "manager.yml",
        _routes("manager", manager, 1000, ports["manager"], ports["manager_gevent"]),
    )
    # The catch-all: the gateway knows which hosts exist, so a new tenant needs no change here.
    write_atomically(
        folder / "routes" / "shared.yml",
        _routes("shared", "PathPrefix(`/`)", 1, ports["tenant"], ports["tenant_gevent"]),
    )


def _static(folder, port, addresses):
    entries = "\n".join(
        f"""\
  public{number}:
    address: "{f"[{address}]" if ":" in address else address}:{port}"
    transport:
      respondingTimeouts:
        readTimeout: 15m  # a large upload over a slow line
    http:
      # X_Forwarded_Host and X-Forwarded-Host are one header for Python: only the one that Traefik writes gets through.
      aliasHeadersStrategy: delete
      # Odoo decodes before it chooses a route: a hidden slash would be another path there than here.
      encodedCharacters:
        allowEncodedSlash: false
        allowEncodedBackSlash: false
        allowEncodedNullCharacter: false
        allowEncodedSemicolon: true
        allowEncodedPercent: true
        allowEncodedQuestionMark: true
        allowEncodedHash: true"""
        for number, address in enumerate(addresses, 1)
    )
    return f"""\
# Written at every start. No dashboard, no API, nor anything else of its own;
# nothing but the routes listens on the public address.
entryPoints:
{entries}
providers:
  file:
    directory: "{folder / "routes"}"
    watch: true
log:
  level: WARN
  noColor: true
global:
  checkNewVersion: false
  sendAnonymousUsage: false
"""


def _routes(name, rule, priority, port, gevent_port):
    """Return the routes of one service. What is refused matches no route at all, which is a 404 of Traefik's own."""
    return f"""\
http:
  routers:
    {name}:
      rule: "{rule} && !PathRegexp(`{REFUSED}`)"
      priority: {priority}
      middlewares: [{name}-headers]
      service: {name}
    {name}-websocket:
      rule: "{rule} && PathPrefix(`/websocket`)"
      priority: {priority + 1}
      middlewares: [{name}-headers]
      service: {name}-websocket
  middlewares:
    {name}-headers:
      headers:
        customRequestHeaders:
          # It would choose the database in place of the host's name.
          X-Odoo-Database: ""
  services:
    {name}:
      loadBalancer:
        passHostHeader: true
        servers:
          - url: "http://127.0.0.1:{port}"
    {name}-websocket:
      loadBalancer:
        passHostHeader: true
        servers:
          - url: "http://127.0.0.1:{gevent_port}"
"""
