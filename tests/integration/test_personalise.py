"""What a clone becomes: its own identity, its customer's company and administrator, nothing of the template's past."""

import dataclasses
from datetime import datetime

import pytest
from saas_engine import mail_domain, password_link, personalise
from saas_engine.errors import EngineError


@pytest.fixture
def sql(provisioner, tenant):
    with provisioner.connect(tenant) as connection, connection.cursor() as cr:

        def run(query, parameters=None):
            cr.execute(query, parameters)
            return cr.fetchall() if cr.description else None

        run.connection = connection
        yield run


def parameters(sql):
    return dict(sql("SELECT key, value FROM ir_config_parameter"))


def test_identity_and_address(sql, tenant):
    values = parameters(sql)
    assert values["web.base.url"] == tenant.url
    assert values["web.base.url.freeze"] == "True"
    assert values["saas.key"] == tenant.key
    assert len(values["database.uuid"]) == len(values["database.secret"]) == 36
    assert "report.url" not in values
    assert datetime.fromisoformat(values["database.create_date"])


def test_company_and_administrator(sql):
    assert sql("SELECT name, email FROM res_company") == [("Acme & Söhne", "Ada@example.com")]
    query = "SELECT name, complete_name, email, email_normalized, lang, tz FROM res_partner ORDER BY id"
    company, admin = sql(query)
    assert company == ("Acme & Söhne", "Acme & Söhne", "Ada@example.com", "ada@example.com", None, None)
    assert admin == ("Ada Lovelace", "Ada Lovelace", "Ada@example.com", "ada@example.com", "de_DE", "Europe/Berlin")
    assert sql("SELECT login, password FROM res_users") == [("Ada@example.com", None)]


def test_nothing_is_left_over(sql):
    for table in ("ir_cron_trigger", "mail_mail", "bus_bus", "res_users_log"):
        assert sql(f"SELECT count(*) FROM {table}") == [(0,)]


def test_crons_are_spread(sql):
    hourly, daily, minutes = sql(
        "SELECT extract(epoch FROM nextcall - now() AT TIME ZONE 'UTC')::int FROM ir_cron ORDER BY id"
    )
    assert -5 <= hourly[0] <= 3600
    assert 3600 - 5 <= daily[0] <= 24 * 3600
    assert -5 <= minutes[0] <= 300


def test_again_changes_nothing(sql, provisioner, tenant):
    before = parameters(sql)
    sql("UPDATE res_users SET password = 'the customer chose one', login = 'changed'")
    provisioner.personalise(dataclasses.replace(tenant, company_name="Other"))
    assert parameters(sql) == before
    assert sql("SELECT login, password FROM res_users") == [("changed", "the customer chose one")]


def test_every_clone_is_its_own(sql, provisioner, tenant):
    before = parameters(sql)
    sql("UPDATE ir_config_parameter SET value = 'another tenant' WHERE key = 'saas.key'")
    provisioner.personalise(tenant)
    after = parameters(sql)
    assert after["saas.key"] == tenant.key
    assert {before[key] for key in ("database.uuid", "database.secret")}.isdisjoint(after.values())


def test_a_language_that_the_template_lacks(sql, provisioner, tenant):
    sql("DELETE FROM ir_config_parameter WHERE key = 'saas.key'")
    sql("UPDATE res_partner SET lang = 'en_US'")
    provisioner.personalise(dataclasses.replace(tenant, lang="fr_FR", admin_name="<b>Ada</b>"))
    assert sql("SELECT lang FROM res_partner WHERE id = 3") == [("en_US",)]
    assert sql("SELECT signature FROM res_users") == [("<div>&lt;b&gt;Ada&lt;/b&gt;</div>",)]


def test_a_template_without_an_administrator(sql, provisioner, tenant):
    sql("DELETE FROM ir_config_parameter WHERE key = 'saas.key'")
    sql("DELETE FROM ir_model_data WHERE name = 'user_admin'")
    before = parameters(sql)
    with pytest.raises(EngineError, match="no administrator"):
        provisioner.personalise(tenant)
    assert parameters(sql) == before


class TestPasswordLink:
    def decode(self, path):
        token = path.removeprefix("/web/reset_password?token=")
        raw = password_link.base64.urlsafe_b64decode(token + "===")
        return int.from_bytes(raw[1:9], "little"), password_link.json.loads(raw[41:]), token

    def test_before_the_first_sign_in(self, sql):
        expiration, payload, token = self.decode(password_link.mint_reset_token(sql.connection))
        assert payload == [3, [2], None, "reset"]
        assert abs(expiration - password_link.time.time() - 4 * 3600) < 60
        assert token == password_link.sign(parameters(sql)["database.secret"], payload, expiration)
        assert sql("SELECT signup_type FROM res_partner WHERE id = 3") == [("reset",)]

    def test_after_it(self, sql):
        dates = "(2, '2023-11-14 22:13:20.9'), (2, '2023-11-14 22:13:20.2')"
        sql(f"INSERT INTO res_users_log (create_uid, create_date) VALUES {dates}")
        sql("INSERT INTO ir_config_parameter (key, value) VALUES (%s, '24')", [password_link.VALIDITY])
        expiration, payload, _token = self.decode(password_link.mint_reset_token(sql.connection))
        assert payload == [3, [2], 1700000000, "reset"]
        assert abs(expiration - password_link.time.time() - 24 * 3600) < 60

    def test_archived(self, sql):
        sql("UPDATE res_users SET active = false")
        with pytest.raises(EngineError, match="archived"):
            password_link.mint_reset_token(sql.connection)
        assert sql("SELECT signup_type FROM res_partner WHERE id = 3") == [(None,)]


def test_set_address(sql):
    with sql.connection, sql.connection.cursor() as cr:
        personalise.set_address(cr, "https://renamed.example.com")
    assert parameters(sql)["web.base.url"] == "https://renamed.example.com"


class TestMailDomain:
    """Where mails to the host arrive, answers and bounces of a tenant go there."""

    ALIASES = "SELECT alias_full_name, d.name FROM mail_alias LEFT JOIN mail_alias_domain d ON d.id = alias_domain_id"

    @pytest.fixture
    def spec(self, spec):
        return dataclasses.replace(spec, has_mail_domain=True)

    def test_given(self, sql, tenant):
        domain = "SELECT name, bounce_alias, catchall_alias, default_from FROM mail_alias_domain"
        assert sql(domain) == [(tenant.host, "bounce", "catchall", "notifications")]
        assert sql("SELECT alias_domain_id IS NOT NULL FROM res_company") == [(True,)]
        assert sql(f"{self.ALIASES} ORDER BY 1") == [(f"sales@{tenant.host}", tenant.host), (None, tenant.host)]

    def test_not_where_the_template_has_one(self, sql, tenant):
        mail_domain.create(sql.connection.cursor(), "other.example.com")
        assert sql("SELECT name FROM mail_alias_domain") == [(tenant.host,)]

    def test_it_follows_to_a_new_address(self, sql, tenant):
        for former, expected in (("another.example.com", tenant.host), (tenant.host, "new.example.com")):
            mail_domain.rename(sql.connection.cursor(), former, "new.example.com")
            assert sql(f"{self.ALIASES} ORDER BY 1")[0] == (f"sales@{expected}", expected)


def test_no_mail_domain_where_nothing_arrives(sql):
    assert sql("SELECT count(*) FROM mail_alias_domain") == [(0,)]
