"""Traefik's files in an installation: TLS, certificates, and the demo's own routes."""

import json

import pytest
import yaml

from stack import traefik
from stack.errors import StackError
from stack.production import proxy

DOMAIN = {"SAAS_BASE_DOMAIN": "example.test", "SAAS_MANAGER_SERVICE": "manager", "SAAS_TENANT_SERVICE": "tenant"}
ACME = {"SAAS_ACME_EMAIL": "ops@example.test"}
DNS = {**ACME, "SAAS_TLS": "dns", "SAAS_DNS_PROVIDER": "cloudflare"}


@pytest.fixture
def write(tmp_path):
    def run(**environ):
        proxy.write({**DOMAIN, "SAAS_TRAEFIK_DIR": str(tmp_path), **environ})
        static = json.loads((tmp_path / "traefik.yml").read_text())
        routes = {file.stem: yaml.safe_load(file.read_text()) for file in (tmp_path / "routes").iterdir()}
        return static, routes

    return run


def certificates(routes):
    return routes["tls"]["http"]["routers"]["certificates"]["tls"]


def test_one_certificate_for_all_names_by_the_dns_challenge(write):
    static, routes = write(**DNS)
    acme = static["certificatesResolvers"]["dns"]["acme"]
    assert acme["dnsChallenge"] == {"provider": "cloudflare"}
    assert (acme["email"], acme["storage"]) == ("ops@example.test", "/var/lib/traefik/acme.json")
    assert certificates(routes) == {
        "certResolver": "dns",
        "domains": [{"main": "example.test", "sans": ["*.example.test"]}],
    }


def test_a_manager_elsewhere_gets_a_certificate_too(write):
    _static, routes = write(**DNS, SAAS_MANAGER_HOST="office.example.org")
    assert {"main": "office.example.org"} in certificates(routes)["domains"]
    assert "Host(`office.example.org`)" in routes["manager"]["http"]["routers"]["manager"]["rule"]


def test_one_certificate_for_each_name_by_the_http_challenge(write):
    static, routes = write(**ACME, SAAS_TLS_HOSTS="acme.example.test, shop.example.org", SAAS_ACME_SERVER="https://ca")
    acme = static["certificatesResolvers"]["http"]["acme"]
    assert (acme["httpChallenge"], acme["caServer"]) == ({"entryPoint": "web"}, "https://ca")
    names = [domain["main"] for domain in certificates(routes)["domains"]]
    assert names == ["manager.example.test", "acme.example.test", "shop.example.org"]


def test_certificates_of_ones_own(write):
    static, routes = write(SAAS_TLS="files")
    assert "certificatesResolvers" not in static
    assert routes["tls"]["tls"]["certificates"] == [
        {"certFile": "/certificates/certificate.pem", "keyFile": "/certificates/key.pem"}
    ]


@pytest.mark.parametrize("environ", [ACME, DNS, {"SAAS_TLS": "files"}])
def test_http_leads_to_https(write, environ):
    static, routes = write(**environ)
    points = static["entryPoints"]
    assert points["web"]["http"]["redirections"]["entryPoint"] == {"to": ":443", "scheme": "https", "permanent": True}
    assert points["secure"]["http"]["tls"] == {}
    assert routes["tls"]["tls"]["options"]["default"]["minVersion"] == "VersionTLS12"


def test_without_tls(write):
    static, routes = write(SAAS_TLS="off", SAAS_TRUSTED_PROXIES="10.0.0.0/8, 192.0.2.1/32")
    assert "secure" not in static["entryPoints"]
    assert "redirections" not in static["entryPoints"]["web"]["http"]
    assert static["entryPoints"]["web"]["forwardedHeaders"] == {"trustedIPs": ["10.0.0.0/8", "192.0.2.1/32"]}
    assert routes["tls"] == {}


def test_without_a_container_the_public_address_is_the_one_that_was_chosen(write):
    static, _routes = write(**ACME)
    assert [static["entryPoints"][name]["address"] for name in ("web", "secure")] == [":80", ":443"]
    chosen = {"SAAS_BIND": "192.0.2.7", "SAAS_HTTP_PORT": "8080", "SAAS_HTTPS_PORT": "8443"}
    points = write(**ACME, **chosen, SAAS_PROXY_INTERFACE="127.0.0.1")[0]["entryPoints"]
    assert {name: point["address"] for name, point in points.items()} == {
        "web": "192.0.2.7:8080",
        "secure": "192.0.2.7:8443",
        "internal": "127.0.0.1:8000",
        "health": "127.0.0.1:8082",
    }


def test_the_routes_are_those_of_the_demo_at_the_services_own_names(write):
    static, routes = write(SAAS_TLS="files")
    for name, service, port in (("manager", "manager", 8069), ("shared", "tenant", 8169)):
        http = routes[name]["http"]
        assert traefik.REFUSED in http["routers"][name]["rule"]
        assert http["services"][name]["loadBalancer"]["servers"] == [{"url": f"http://{service}:{port}"}]
        assert http["services"][f"{name}-websocket"]["loadBalancer"]["servers"] == [
            {"url": f"http://{service}:{port + 3}"}
        ]
    # The health check's address shows nothing else.
    assert "asDefault" not in static["entryPoints"]["health"]
    assert static["ping"] == {"entryPoint": "health"}
    for name in ("web", "secure", "internal"):
        assert static["entryPoints"][name]["asDefault"]
        assert static["entryPoints"][name]["http"]["encodedCharacters"]["allowEncodedSlash"] is False
        assert "forwardedHeaders" not in static["entryPoints"][name]


def test_old_ways_of_encryption_are_off(write):
    for environ, strict in ((ACME, False), (DNS, True), ({"SAAS_TLS": "files"}, True)):
        options = write(**environ)[1]["tls"]["tls"]["options"]["default"]
        assert (options["minVersion"], options["sniStrict"]) == ("VersionTLS12", strict)
        assert all("GCM" in cipher or "POLY1305" in cipher for cipher in options["cipherSuites"])
        assert all("ECDHE" in cipher for cipher in options["cipherSuites"])


def test_the_limits_are_those_of_the_environment(write):
    _static, routes = write(**ACME, SAAS_LOGIN_RATE="7", SAAS_RPC_BURST="8")
    for name in ("manager", "shared"):
        limits = {each: made.get("rateLimit") for each, made in routes[name]["http"]["middlewares"].items()}
        assert (limits[f"{name}-sign-in"]["average"], limits[f"{name}-sign-in"]["burst"]) == (7, 60)
        assert (limits[f"{name}-rpc"]["average"], limits[f"{name}-rpc"]["burst"]) == (1200, 8)
        assert limits[f"{name}-rpc"]["sourceCriterion"] == {"ipStrategy": {"ipv6Subnet": 64}}
        assert routes[name]["http"]["routers"][f"{name}-sign-in"]["entryPoints"] == ["web", "secure"]


@pytest.mark.parametrize(("count", "depth"), [("", 1), ("2", 2)])
def test_the_address_is_the_one_in_front_of_the_trusted_proxies(write, count, depth):
    _static, routes = write(SAAS_TLS="off", SAAS_TRUSTED_PROXIES="10.0.0.0/8", SAAS_TRUSTED_PROXY_COUNT=count)
    limit = routes["shared"]["http"]["middlewares"]["shared-sign-in"]["rateLimit"]
    assert limit["sourceCriterion"]["ipStrategy"]["depth"] == depth


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"SAAS_BASE_DOMAIN": ""}, "SAAS_BASE_DOMAIN"),
        ({"SAAS_TLS": "maybe"}, "SAAS_TLS"),
        ({"SAAS_TLS": "http"}, "SAAS_ACME_EMAIL"),
        ({**ACME, "SAAS_TLS": "dns"}, "SAAS_DNS_PROVIDER"),
        ({**ACME, "SAAS_LOGIN_RATE": "many"}, "SAAS_LOGIN_RATE"),
    ],
)
def test_what_is_missing_is_named(write, environ, variable):
    with pytest.raises(StackError, match=variable):
        write(**environ)
