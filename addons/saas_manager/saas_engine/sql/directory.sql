-- What the manager publishes to the gateways. Idempotent; run in the database `postgres` as a superuser by bootstrap.py.
-- The manager writes; a gateway reads the rows of its own runtime and writes its own cron schedule and counters.
-- Tenants cannot connect to this database.
SET search_path = saas, public;
SET ROLE saas_manager;

-- The manager that this server belongs to: one at most. Every other one is refused.
CREATE TABLE IF NOT EXISTS saas.owner (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    manager_uuid text NOT NULL,
    name text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS saas.runtime (
    code text PRIMARY KEY,
    gateway_role name NOT NULL DEFAULT 'saas_gateway'
);
CREATE TABLE IF NOT EXISTS saas.tenant (
    db text PRIMARY KEY CHECK (db ~ '^[a-z0-9][a-z0-9_-]{1,62}$'),
    key text NOT NULL UNIQUE CHECK (key ~ '^[0-9a-f]{32}$'),
    runtime text NOT NULL REFERENCES saas.runtime,
    release text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'maintenance', 'building')),
    reason text NOT NULL DEFAULT '',
    limits jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS saas.host (
    host text PRIMARY KEY CHECK (host = lower(host) AND host !~ '[:/ ]'),
    db text NOT NULL REFERENCES saas.tenant ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX IF NOT EXISTS host_db ON saas.host (db);
-- Hosts that a tenant has left: the gateway leads visitors on to the tenant's present host for a while.
CREATE TABLE IF NOT EXISTS saas.redirect (
    host text PRIMARY KEY CHECK (host = lower(host) AND host !~ '[:/ ]'),
    db text NOT NULL REFERENCES saas.tenant ON DELETE CASCADE ON UPDATE CASCADE,
    target text NOT NULL REFERENCES saas.host ON DELETE CASCADE,
    until timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS redirect_db ON saas.redirect (db);
CREATE INDEX IF NOT EXISTS redirect_target ON saas.redirect (target);
CREATE TABLE IF NOT EXISTS saas.cron (
    db text PRIMARY KEY REFERENCES saas.tenant ON DELETE CASCADE ON UPDATE CASCADE,
    due timestamptz NOT NULL DEFAULT now(),          -- visit this database then
    rest_until timestamptz NOT NULL DEFAULT now(),   -- but not before: being visited, or resting after a long visit
    last_seconds real NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS saas.counter (
    db text NOT NULL REFERENCES saas.tenant ON DELETE CASCADE ON UPDATE CASCADE,
    hour timestamptz NOT NULL,
    requests bigint NOT NULL DEFAULT 0,
    errors bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (db, hour)
);
-- What a tenant's administrators are told: use measured, payment overdue, end of a trial.
ALTER TABLE saas.tenant ADD COLUMN IF NOT EXISTS notices jsonb NOT NULL DEFAULT '{}';
ALTER TABLE saas.counter ADD COLUMN IF NOT EXISTS mails bigint NOT NULL DEFAULT 0;
-- What a gateway finds that people have to know: a row for as long as it is so. The manager reads it.
CREATE TABLE IF NOT EXISTS saas.report (
    db text NOT NULL REFERENCES saas.tenant ON DELETE CASCADE ON UPDATE CASCADE,
    kind text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (db, kind)
);
ALTER TABLE saas.counter ADD COLUMN IF NOT EXISTS cron_seconds double precision NOT NULL DEFAULT 0;
CREATE TABLE IF NOT EXISTS saas.publication (version bigint NOT NULL);
INSERT INTO saas.publication SELECT 1 WHERE NOT EXISTS (SELECT FROM saas.publication);
INSERT INTO saas.runtime (code) VALUES ('shared') ON CONFLICT DO NOTHING;

-- A change of what is published counts the version up: a gateway that has read it knows that it is current.
CREATE OR REPLACE FUNCTION saas.publish() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE saas.publication SET version = version + 1;
    IF TG_TABLE_NAME = 'tenant' THEN
        INSERT INTO saas.cron (db) SELECT db FROM saas.tenant ON CONFLICT DO NOTHING;
        PERFORM pg_notify('cron_trigger', '');
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER publish AFTER INSERT OR UPDATE OR DELETE ON saas.tenant
    FOR EACH STATEMENT EXECUTE FUNCTION saas.publish();
CREATE OR REPLACE TRIGGER publish AFTER INSERT OR UPDATE OR DELETE ON saas.host
    FOR EACH STATEMENT EXECUTE FUNCTION saas.publish();
CREATE OR REPLACE TRIGGER publish AFTER INSERT OR UPDATE OR DELETE ON saas.redirect
    FOR EACH STATEMENT EXECUTE FUNCTION saas.publish();
-- A gateway's report as well, although the gateway itself may not count: its other processes have to know of it.
CREATE OR REPLACE FUNCTION saas.publish_report() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = saas, pg_temp AS $$
BEGIN
    UPDATE saas.publication SET version = version + 1;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER publish AFTER INSERT OR UPDATE OR DELETE ON saas.report
    FOR EACH ROW EXECUTE FUNCTION saas.publish_report();

-- Odoo calls this instead of pg_notify (ODOO_NOTIFY_FUNCTION): a cron's wake-up is written down before it is announced.
CREATE OR REPLACE FUNCTION saas.saas_notify(channel text, payload text) RETURNS void LANGUAGE sql AS $$
    UPDATE saas.cron SET due = now() WHERE channel = 'cron_trigger' AND db = payload AND due > now();
    SELECT pg_notify(channel, payload);
$$;

-- Counts mails before they are sent, one at a time per tenant. NULL: counted; else the limit that they would exceed.
-- A limit of 0 is none, a negative one lets nothing leave.
CREATE OR REPLACE FUNCTION saas.reserve_mails(tenant_db text, wanted integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    this_hour timestamptz := date_trunc('hour', now(), 'UTC');
    max_hour bigint; max_day bigint; in_hour bigint; in_day bigint;
BEGIN
    IF wanted < 1 THEN
        RAISE 'mails are counted from one on, not %', wanted;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('saas.mails'), hashtext(tenant_db));
    SELECT coalesce((limits->>'max_mails_hour')::bigint, 0), coalesce((limits->>'max_mails_day')::bigint, 0)
      INTO max_hour, max_day FROM saas.tenant WHERE db = tenant_db;
    IF NOT FOUND THEN
        RETURN 'unknown';
    END IF;
    SELECT coalesce(sum(mails) FILTER (WHERE hour = this_hour), 0), coalesce(sum(mails), 0)
      INTO in_hour, in_day FROM saas.counter WHERE db = tenant_db AND hour > this_hour - interval '24 hours';
    IF max_day <> 0 AND in_day + wanted > greatest(max_day, 0) THEN
        RETURN 'day';
    ELSIF max_hour <> 0 AND in_hour + wanted > greatest(max_hour, 0) THEN
        RETURN 'hour';
    END IF;
    INSERT INTO saas.counter AS c (db, hour, mails) VALUES (tenant_db, this_hour, wanted)
        ON CONFLICT (db, hour) DO UPDATE SET mails = c.mails + excluded.mails;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION saas.reserve_mails(text, integer) FROM PUBLIC;

-- A gateway sees and touches the rows of its own runtime only.
CREATE OR REPLACE FUNCTION saas.is_mine(runtime_code text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM saas.runtime WHERE code = runtime_code AND gateway_role = current_user)
$$;
CREATE OR REPLACE FUNCTION saas.is_my_tenant(tenant_db text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM saas.tenant WHERE db = tenant_db)
$$;
ALTER TABLE saas.runtime ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas.tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas.host ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas.redirect ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas.cron ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas.counter ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas.report ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_runtime ON saas.runtime;
CREATE POLICY own_runtime ON saas.runtime USING (gateway_role = current_user);
DROP POLICY IF EXISTS own_runtime ON saas.tenant;
CREATE POLICY own_runtime ON saas.tenant USING (saas.is_mine(runtime));
DROP POLICY IF EXISTS own_runtime ON saas.host;
CREATE POLICY own_runtime ON saas.host USING (saas.is_my_tenant(db));
DROP POLICY IF EXISTS own_runtime ON saas.redirect;
CREATE POLICY own_runtime ON saas.redirect USING (saas.is_my_tenant(db));
DROP POLICY IF EXISTS own_runtime ON saas.cron;
CREATE POLICY own_runtime ON saas.cron USING (saas.is_my_tenant(db));
DROP POLICY IF EXISTS own_runtime ON saas.counter;
CREATE POLICY own_runtime ON saas.counter USING (saas.is_my_tenant(db));
DROP POLICY IF EXISTS own_runtime ON saas.report;
CREATE POLICY own_runtime ON saas.report USING (saas.is_my_tenant(db));

GRANT USAGE ON SCHEMA saas TO saas_gateways;
GRANT SELECT ON saas.runtime, saas.tenant, saas.host, saas.redirect, saas.publication, saas.cron, saas.counter,
    saas.report TO saas_gateways;
GRANT UPDATE (due, rest_until, last_seconds) ON saas.cron TO saas_gateways;
GRANT INSERT, UPDATE ON saas.counter TO saas_gateways;
GRANT INSERT, UPDATE, DELETE ON saas.report TO saas_gateways;
GRANT EXECUTE ON FUNCTION saas.reserve_mails(text, integer) TO saas_gateways;
RESET ROLE;
RESET search_path;
ALTER ROLE saas_gateway IN DATABASE postgres SET search_path = saas, public;
