"""What the public entry point shows, and what it does not."""

import socket

import pytest
from support.demo import Odoo, RpcError

CLOSED = (
    "/web/database/manager",
    "/web/database/selector",
    "/web/database/list",
    "/web//database/manager",
    "//web/database/manager",
    "/web/./database/manager",
    "/web/%64atabase/manager",
    "/web/database%2Fmanager",
    "/en/web/database/manager",
    "/WEB/../web/database/manager",
)
RUNJOB = (
    "/queue_job/runjob",
    "/queue_job/runjob?db=manager&job_uuid=x",
    "//queue_job/runjob",
    "/queue_job//runjob",
    "/queue_job/%72unjob",
)


def final_status(site, path):
    """Follow redirects by hand, as a browser would, inside the site."""
    for _hop in range(5):
        answer = site.get(path)
        if answer.status_code not in (301, 302, 303, 307, 308):
            return answer
        path = "/" + answer.headers["Location"].split("//", 1)[-1].split("/", 1)[-1]
    return answer


@pytest.mark.parametrize("path", [*CLOSED, *RUNJOB])
def test_closed_at_the_manager(demo, path):
    answer = final_status(demo.manager, path)
    assert answer.status_code in (400, 404), answer.text[:300]
    assert "master_pwd" not in answer.text


@pytest.mark.parametrize("path", CLOSED)
def test_closed_at_a_tenant(demo, shared_instance, path):
    answer = final_status(demo.tenant(shared_instance), path)
    assert answer.status_code in (400, 404), answer.text[:300]
    assert "master_pwd" not in answer.text


def test_open(demo, shared_instance):
    assert demo.manager.get("/web/login").status_code == 200
    assert demo.tenant(shared_instance).get("/web/login").status_code == 200


def test_unknown_host(demo):
    nobody = demo.tenant("nobody-is-here")
    assert nobody.get("/web/login").status_code == 404
    assert nobody.get("/").status_code == 404


@pytest.mark.parametrize("database", ["manager", "postgres", "template1", "does-not-exist"])
def test_rpc_to_another_database(demo, shared_instance, database):
    """From a tenant's host every other database is refused alike, whether it exists or not."""
    manager = demo.description["manager"]
    tenant = demo.tenant(shared_instance)
    with pytest.raises(RpcError, match="Access Denied"):
        tenant.rpc("common", "authenticate", database, manager["login"], manager["password"], {})
    assert tenant.rpc("common", "authenticate", shared_instance, "nobody", "wrong", {}) is False


def test_rpc_from_the_manager_to_a_tenant(demo, shared_instance):
    with pytest.raises(RpcError, match="Access Denied"):
        demo.manager.rpc("common", "authenticate", shared_instance, "admin", "admin", {})
    assert demo.manager.sign_in(demo.manager.login, demo.manager.password)


def test_a_clone_has_no_default_password(demo, shared_instance):
    tenant = demo.tenant(shared_instance)
    for login in ("admin", f"owner@{shared_instance}.example"):
        for password in ("admin", "password", shared_instance):
            assert not tenant.rpc("common", "authenticate", shared_instance, login, password, {})


def test_services_listen_on_loopback_only(demo):
    """The services' own ports answer on 127.0.0.1 and on no other address of this machine."""
    own = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in own:
        for port in demo.internal_ports:
            with socket.socket() as probe:
                probe.settimeout(1)
                assert probe.connect_ex((address, port)) != 0, (address, port)


def test_upper_case_host(demo, shared_instance):
    url = demo.description["tenant_url"].format(subdomain=shared_instance.upper())
    assert Odoo(url, shared_instance).get("/web/login").status_code == 200


def test_the_manager_is_not_among_the_apps_of_a_tenant(demo, subdomain):
    demo.provision(subdomain)
    tenant = demo.set_password(subdomain, "a password to look at the apps")
    names = [row["name"] for row in tenant.call("ir.module.module", "search_read", [], ["name"])]
    assert "saas_tenant" in names
    assert not {"saas_manager", "queue_job"}.intersection(names)
