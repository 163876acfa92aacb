"""What a tenant's administrator can do to others from code that runs in the shared process.

`saas_tenant` refuses such code. Here it is written into the database with the tenant's own role, past that refusal: the
walls behind it must hold alone.
"""

import psycopg2
import pytest
from support.gateway_client import RpcError
from support.planted_code import run, run_sql

WALKS = [
    "action = {'r': '{0.__init__.__globals__[tools].config.options}'.format(env.cr)}",
    "action = {'r': '{0.__class__}'.format_map({'0': env})}",
    "action = {'r': str.format('{0.__class__}', env)}",
    "take = '{0.__class__}'.format\naction = {'r': take(env)}",
    "text = '{0.__class__}'\naction = {'r': text.format(env)}",
    "currency = '{0.__class__}'\naction = {'r': currency.format(env)}",
    "action = {'r': ('{0.__class__}' if env else 'x').format(env)}",
    "action = {'r': (env and '{0.__class__}' or 'x').format(env)}",
    "action = {'r': ('' or '{0.' + '_' * 2 + 'class__}').format(env)}",
    "action = {'r': '{0[__class__]}'.format(env)}",
    "action = {'r': '{:{1.__class__}}'.format(1, env)}",
    "action = {'r': list(map('{0.__class__}'.format, [env]))}",
    "action = {'r': [text.format(env) for text in ['{0.__class__}']]}",
    "action = {'r': (lambda text: text.format(env))('{0.__class__}')}",
    "action = {'r': '{0.registry}'.format(env)}",
    "action = {'r': str(env.registry.registries)}",
    "action = {'r': env.registry.new('beta').db_name}",
    "action = {'r': str(env['res.partner'].pool)}",
    "action = {'r': env.cr._cnx.info.password}",
    "action = {'r': env.cr.connection.info.password}",
    "action = {'r': str((1).__class__)}",
    "action = env.__class__",
    "import os",
    "action = {'r': open('/etc/passwd').read()}",
]


@pytest.mark.parametrize("code", WALKS)
def test_code_cannot_walk_out_of_its_environment(acme, code):
    with pytest.raises(
        RpcError, match="format is for string literals only|forbidden name|forbidden opcode|not defined"
    ):
        run(acme, code)


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("action = {'r': '{} and {:.2f}'.format('a', 1.5)}", "a and 1.50"),
        ("action = {'r': '{0.login}'.format(env.user)}", "admin"),
        ("action = {'r': '{name}'.format(name='b')}", "b"),
        ("action = {'r': env.company.currency_id.format(3)}", "$\u00a03.00"),
        ("action = {'r': '%s %s' % ('a', 2)}", "a 2"),
    ],
)
def test_harmless_formats_keep_working(acme, code, result):
    assert run(acme, code)["r"] == result


def test_a_mail_template_cannot_walk_either(acme):
    """What is in the database is not new, so the first wall lets it be rendered; the second one does not."""
    [[template, model]] = acme.sql("SELECT id, model FROM mail_template WHERE model = 'res.users' ORDER BY id LIMIT 1")
    walk = "{{ ('{0.__class__}' if 1 else object).format(object) }}"
    change = "UPDATE mail_template SET subject = jsonb_build_object('en_US', %s::text) WHERE id = %s"
    preview = {"mail_template_id": template, "resource_ref": f"{model},2"}

    def read(subject):
        acme.sql(change, [subject, template])
        made = acme.client.execute("mail.template.preview", "create", preview)
        return acme.client.execute("mail.template.preview", "read", [made], ["subject", "error_msg"])[0]

    [[original]] = acme.sql("SELECT subject->>'en_US' FROM mail_template WHERE id = %s", [template])
    try:
        assert "Failed to render" in read(walk)["error_msg"]
        assert read("Hello {{ object.login }}")["subject"] == "Hello admin"
    finally:
        acme.sql(change, [original, template])


@pytest.mark.parametrize("db", ["beta", "tpl_gateway_v1", "manager", "template1", "nosuchdatabase"])
def test_a_request_opens_no_other_database(acme, beta, stack, db):
    before = beta.sql("SELECT max(lastcall) FROM ir_cron")
    start = len(stack.log())
    # Odoo's own way to open a database by name; it logs what happens instead of raising it.
    run(acme, f"env['ir.cron']._process_jobs('{db}')")
    assert f"tenant's database: {db}" in stack.log()[start:]
    assert beta.sql("SELECT max(lastcall) FROM ir_cron") == before


FORBIDDEN_SQL = [
    "ALTER DATABASE acme RENAME TO mine",
    "ALTER DATABASE beta RENAME TO mine",
    "ALTER DATABASE acme OWNER TO saas_owner",
    "ALTER ROLE {beta} PASSWORD 'mine'",
    "ALTER ROLE {acme} CONNECTION LIMIT -1",
    "ALTER ROLE saas_gateway PASSWORD 'mine'",
    "DROP ROLE {beta}",
    "CREATE ROLE mine LOGIN",
    "SET ROLE saas_manager",
    "SET ROLE {beta}",
    "SET SESSION AUTHORIZATION saas_manager",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION postgres_fdw",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM pg_authid",
    "SET temp_file_limit = -1",
    "SELECT * FROM saas.tenant",
]


@pytest.mark.parametrize("query", FORBIDDEN_SQL)
def test_sql_of_a_server_action_is_refused(acme, beta, query):
    with pytest.raises(RpcError, match="permission denied|must be|does not exist|must have"):
        run_sql(acme, query.format(acme=f"tenant_{acme.key}", beta=f"tenant_{beta.key}"))


def test_sql_of_a_server_action_works_in_its_own_database(acme):
    assert run_sql(acme, "SELECT current_user, current_database()") == "[('saas_owner', 'acme')]"


@pytest.mark.parametrize(
    "query",
    ["DROP DATABASE acme", "DROP DATABASE beta", "CREATE DATABASE mine", "CREATE TABLESPACE mine LOCATION '/tmp'"],
)
def test_databases_cannot_be_dropped_or_created_by_a_tenants_role(acme, query):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        acme.sql(query)
    with acme.connect() as connection, connection.cursor() as cr:
        cr.execute("SET ROLE NONE")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cr.execute(query)


@pytest.mark.parametrize("db", ["beta", "postgres", "template1", "tpl_gateway_v1", "manager"])
def test_a_tenants_role_connects_to_no_other_database(acme, db):
    with pytest.raises(psycopg2.OperationalError, match="permission denied|not currently accepting"):
        with acme.connect(db):
            pass


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE saas.tenant SET state = 'active'",
        "INSERT INTO saas.host VALUES ('x.example.com', 'acme')",
        "DELETE FROM saas.host",
        "UPDATE saas.publication SET version = 0",
        "UPDATE saas.cron SET db = 'x'",
        "CREATE TABLE saas.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE TEMPORARY TABLE tenant (a int)",
        "CREATE FUNCTION saas.saas_notify(text, varchar) RETURNS void LANGUAGE sql AS ''",
        "CREATE OR REPLACE FUNCTION saas.publish_report() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    ],
)
def test_the_gateways_role_cannot_change_what_is_published(stack, query):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        stack.gateway_sql(query)


def test_the_gateways_role_enters_no_tenant(stack, acme):
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        stack.gateway_sql("SELECT 1", db="acme")


def test_functions_with_the_managers_rights_choose_their_own_tables(stack):
    """Nothing of whoever calls them comes before, and least of all a temporary table."""
    query = "SELECT proname::text, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'saas'::regnamespace"
    assert stack.gateway_sql(query) == [("publish_report", ["search_path=saas, pg_temp"])]
    stack.gateway_sql("SET search_path = pg_temp, public; SELECT saas.saas_notify('cron_trigger', 'nobody')")
