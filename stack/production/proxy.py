"""Traefik's files in an installation: the demo's routes, TLS, and certificates from Let's Encrypt."""

import json
from pathlib import Path

from stack import proxy_limits, traefik
from stack.errors import StackError
from stack.paths import write_atomically
from stack.production.installation import PORTS, number, required

# How certificates are had: for all names at once by the DNS challenge, for each name by the HTTP challenge, from files
# of one's own, or not at all, because somebody in front of Traefik ends TLS.
TLS = ("dns", "http", "files", "off")
ACME_FOLDER = Path("/var/lib/traefik")
CERTIFICATES = Path("/certificates")
# The routes are for these addresses; the one of the health check has nothing else.
SERVES = {"asDefault": True}
# Browsers of the last ten years speak this; older protocols are broken.
TLS_OPTIONS = {
    "minVersion": "VersionTLS12",
    "alpnProtocols": ["h2", "http/1.1"],
    # Of TLS 1.2 only what keeps past traffic secret when a key leaks, and is authenticated. 1.3 has nothing else.
    "cipherSuites": [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ],
    "curvePreferences": ["X25519MLKEM768", "X25519", "CurveP256", "CurveP384"],
}
# Where one certificate is for all names, a name that it is not for gets no connection instead of a wrong one.
STRICT = ("dns", "files")


def write(environ):
    """Write the static configuration and the routes, as the environment asks for.

    :return: the folder
    :raise StackError: a variable is missing or wrong
    """
    base_domain = required(environ, "SAAS_BASE_DOMAIN", "example.com").strip(".").lower()
    tls = _choice(environ)
    folder = folder_of(environ)
    manager_host = environ.get("SAAS_MANAGER_HOST") or f"manager.{base_domain}"
    static = traefik.static(folder, _entry_points(environ, tls), **_sections(environ, tls))
    (folder / "routes").mkdir(exist_ok=True)
    for name, rule, priority, service in (
        ("manager", f"Host(`{manager_host}`)", 1000, "manager"),
        # The catch-all: the gateway knows which hosts exist, so a new tenant needs no change here.
        ("shared", "PathPrefix(`/`)", 1, "tenant"),
    ):
        host = environ.get(f"SAAS_{service.upper()}_SERVICE") or "127.0.0.1"
        text = traefik.routes(name, rule, priority, PORTS[service], PORTS[f"{service}_gevent"], host, limits(environ))
        write_atomically(folder / "routes" / f"{name}.yml", text)
    write_atomically(folder / "routes" / "tls.yml", _json(_tls(environ, tls, base_domain, manager_host)))
    write_atomically(folder / "traefik.yml", static)
    return folder


def limits(environ):
    """Return what one address may do, as the environment asks for."""
    return proxy_limits.from_environment(
        environ,
        proxy_limits.Limits(),
        proxies=1 if _listed(environ, "SAAS_TRUSTED_PROXIES") else 0,
        # Not where the manager looks at new tenants.
        entry_points=("web",) if _choice(environ) == "off" else ("web", "secure"),
    )


def folder_of(environ):
    """Return Traefik's folder."""
    return Path(environ.get("SAAS_TRAEFIK_DIR") or "/etc/traefik")


def _choice(environ):
    tls = environ.get("SAAS_TLS") or "http"
    if tls not in TLS:
        raise StackError(f"SAAS_TLS is {tls!r}: it must be one of {', '.join(TLS)}.")
    if tls == "dns":
        required(environ, "SAAS_DNS_PROVIDER", "cloudflare")
    return tls


def _entry_points(environ, tls):
    """Traefik's addresses: two public ones, one for the manager's look at a new tenant, one for the health check."""
    trusted = _listed(environ, "SAAS_TRUSTED_PROXIES")
    forwarded = {"forwardedHeaders": {"trustedIPs": trusted}} if trusted else {}
    plain = {} if tls == "off" else {"redirections": {"entryPoint": _redirection(environ)}}
    interface = environ.get("SAAS_PROXY_INTERFACE") or ""
    points = {
        "web": traefik.entry_point(_public(environ, "SAAS_HTTP_PORT", 80), **plain) | forwarded | SERVES,
        "internal": traefik.entry_point(f"{interface}:8000") | SERVES,
        "health": traefik.entry_point(f"{interface}:8082"),
    }
    if tls != "off":
        points["secure"] = traefik.entry_point(_public(environ, "SAAS_HTTPS_PORT", 443), tls={}) | forwarded | SERVES
    return points


def _public(environ, variable, default):
    """Return a public address: the one that was chosen. In compose Docker opens it, and its container gets neither."""
    return f"{environ.get('SAAS_BIND') or ''}:{number(environ, variable, default)}"


def _redirection(environ):
    port = environ.get("SAAS_PUBLIC_PORT") or "443"
    return {"to": f":{port}", "scheme": "https", "permanent": True}


def _sections(environ, tls):
    sections = {"ping": {"entryPoint": "health"}}
    if tls in ("dns", "http"):
        sections["certificatesResolvers"] = {tls: {"acme": _acme(environ, tls)}}
    return sections


def _acme(environ, tls):
    folder = Path(environ.get("SAAS_ACME_DIR") or ACME_FOLDER)
    acme = {
        "email": required(environ, "SAAS_ACME_EMAIL", "you@example.com"),
        "storage": str(folder / "acme.json"),
    }
    if environ.get("SAAS_ACME_SERVER"):
        acme["caServer"] = environ["SAAS_ACME_SERVER"]
    if tls == "dns":
        acme["dnsChallenge"] = {"provider": environ["SAAS_DNS_PROVIDER"]}
    else:
        acme["httpChallenge"] = {"entryPoint": "web"}
    return acme


def _tls(environ, tls, base_domain, manager_host):
    """Return TLS's options, and where its certificates come from."""
    if tls == "off":
        return {}
    dynamic = {"tls": {"options": {"default": {**TLS_OPTIONS, "sniStrict": tls in STRICT}}}}
    if tls == "files":
        folder = Path(environ.get("SAAS_CERTIFICATES_DIR") or CERTIFICATES)
        pair = {"certFile": str(folder / "certificate.pem"), "keyFile": str(folder / "key.pem")}
        dynamic["tls"] |= {"certificates": [pair], "stores": {"default": {"defaultCertificate": pair}}}
    else:
        dynamic["http"] = {"routers": _wanted_certificates(environ, tls, base_domain, manager_host)}
    return dynamic


def _wanted_certificates(environ, tls, base_domain, manager_host):
    """A router that no request meets: Traefik gets certificates for its routers' names, and uses them for all."""
    domains = [{"main": manager_host}, *({"main": host} for host in _listed(environ, "SAAS_TLS_HOSTS"))]
    if tls == "dns":
        wildcard = {"main": base_domain, "sans": [f"*.{base_domain}"]}
        domains = [wildcard, *(domain for domain in domains if not domain["main"].endswith(f".{base_domain}"))]
    router = {
        "rule": "Host(`certificates.invalid`)",
        "entryPoints": ["secure"],
        "service": "noop@internal",
        "tls": {"certResolver": tls, "domains": domains},
    }
    return {"certificates": router}


def _listed(environ, name):
    """Return the parts of a variable that lists something, separated by commas."""
    return [part.strip() for part in (environ.get(name) or "").split(",") if part.strip()]


def _json(configuration):
    return json.dumps(configuration, indent=2) + "\n"
