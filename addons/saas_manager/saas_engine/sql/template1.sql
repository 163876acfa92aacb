-- What every database built from template1 starts with. Idempotent; run in template1 as a superuser.
-- Tenants can't create extensions. Odoo indexes with unaccent only if it is immutable.
CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
ALTER FUNCTION public.unaccent(text) IMMUTABLE;
-- saas_owner owns the objects but not the database, so it needs leave to create.
GRANT USAGE, CREATE ON SCHEMA public TO saas_owner;
