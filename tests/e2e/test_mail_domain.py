"""Where mails to instances arrive, each has its own host as alias domain, and keeps it when its address changes."""

import pytest

PASSWORD = "a password for mails"


@pytest.fixture
def _mail_arrives(demo):
    set_parameter = lambda value: demo.manager.call(  # noqa: E731
        "ir.config_parameter", "set_param", "saas.tenant_mail_domain", value
    )
    set_parameter("True")
    yield
    set_parameter("False")


def addresses(tenant):
    [company] = tenant.call("res.company", "search_read", [], ["catchall_email", "bounce_email"])
    return company["catchall_email"], company["bounce_email"]


@pytest.mark.usefixtures("_mail_arrives")
def test_answers_and_bounces_come_to_its_own_host(demo, subdomain):
    instance = demo.provision(subdomain)
    tenant = demo.set_password(subdomain, PASSWORD)
    host = tenant.host.partition(":")[0]
    assert addresses(tenant) == (f"catchall@{host}", f"bounce@{host}")
    demo.manager.call("saas.instance", "action_rename", [instance], f"{subdomain}-b")
    demo.wait_for(lambda: demo.read(instance, "subdomain"), lambda name: name == f"{subdomain}-b")
    renamed = demo.tenant(f"{subdomain}-b")
    demo.wait_for(lambda: renamed.get("/web/login").status_code, lambda code: code == 200)
    renamed.sign_in(tenant.login, PASSWORD)
    host = renamed.host.partition(":")[0]
    assert addresses(renamed) == (f"catchall@{host}", f"bounce@{host}")


def test_not_where_they_do_not(demo, subdomain):
    demo.provision(subdomain)
    assert not any(addresses(demo.set_password(subdomain, PASSWORD)))
