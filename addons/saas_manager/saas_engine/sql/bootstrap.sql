-- Roles and rights of a cluster. Idempotent; run as a superuser in the database `postgres`.
-- Passwords are set by bootstrap.py, so that none stands in a statement that could be logged.
DO $$
DECLARE
    sixteen CONSTANT boolean := current_setting('server_version_num')::int >= 160000;
    predefined text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'saas_owner') THEN
        CREATE ROLE saas_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'saas_manager') THEN
        CREATE ROLE saas_manager;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'saas_gateway') THEN
        CREATE ROLE saas_gateway;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'saas_gateways') THEN
        CREATE ROLE saas_gateways NOLOGIN;
    END IF;
    -- NOINHERIT: the manager hands saas_owner out, it does not act as saas_owner.
    ALTER ROLE saas_manager LOGIN NOSUPERUSER CREATEDB CREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS;
    ALTER ROLE saas_gateway LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    -- A manager whose machine is gone holds the locks of its jobs until PostgreSQL notices: within a minute, not hours.
    ALTER ROLE saas_manager SET tcp_keepalives_idle = 30;
    ALTER ROLE saas_manager SET tcp_keepalives_interval = 10;
    ALTER ROLE saas_manager SET tcp_keepalives_count = 3;
    IF sixteen THEN
        EXECUTE 'GRANT saas_owner TO saas_manager WITH ADMIN TRUE, INHERIT FALSE, SET FALSE';
    ELSE
        GRANT saas_owner TO saas_manager WITH ADMIN OPTION;
    END IF;
    -- What every gateway may do. The manager makes a gateway's role for each dedicated runtime and hands this out to it.
    IF sixteen THEN
        EXECUTE 'GRANT saas_gateways TO saas_manager WITH ADMIN TRUE, INHERIT FALSE, SET FALSE';
    ELSE
        GRANT saas_gateways TO saas_manager WITH ADMIN OPTION;
    END IF;
    GRANT saas_gateways TO saas_gateway;
    -- Ending sessions, and reading sizes of databases it may not enter: held, but not inherited (before 16 inheriting is
    -- all or nothing). The engine takes each up by SET ROLE for the one statement that needs it.
    FOREACH predefined IN ARRAY ARRAY['pg_signal_backend', 'pg_monitor'] LOOP
        EXECUTE format(
            CASE WHEN sixteen THEN 'GRANT %I TO saas_manager WITH INHERIT FALSE, SET TRUE'
                              ELSE 'GRANT %I TO saas_manager' END, predefined);
    END LOOP;
END $$;

-- Resource limits that a tenant cannot lift with SET are superuser settings: the manager may hand them out.
GRANT SET ON PARAMETER temp_file_limit TO saas_manager;

REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO saas_manager, saas_gateways;
-- Builds start from template1, whose extensions only a superuser can prepare (Odoo wants unaccent immutable).
GRANT CONNECT ON DATABASE template1 TO saas_manager;
CREATE SCHEMA IF NOT EXISTS saas AUTHORIZATION saas_manager;
