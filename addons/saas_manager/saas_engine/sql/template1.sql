-- What every database built from template1 starts with. Idempotent; run in template1 as a superuser.
-- Tenants can't create extensions. Odoo indexes with unaccent only if it is immutable.
CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
ALTER FUNCTION public.unaccent(text) IMMUTABLE;
-- Advisory locks lie in a table of the server that all databases share and nothing limits: one statement filled it, and
-- nobody could even log in. Odoo uses none.
DO $$
DECLARE
    taking regprocedure;
BEGIN
    FOR taking IN SELECT oid FROM pg_proc
         WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_(xact_)?lock' LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', taking);
    END LOOP;
END $$;
-- saas_owner owns the objects but not the database, so it needs leave to create.
GRANT USAGE, CREATE ON SCHEMA public TO saas_owner;
