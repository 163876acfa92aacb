-- The manager's own database. Idempotent; run in it as a superuser.
CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
ALTER FUNCTION public.unaccent(text) IMMUTABLE;
-- The database's owner inherits nothing, so not the right to create in `public` either.
ALTER SCHEMA public OWNER TO saas_manager;
