-- Prepares the database it is run in: roles, ownership and extensions. Run by a superuser; running it again is harmless.
--   createdb --template=template0 --locale=C.UTF-8 msc && psql --dbname=msc --file=msc/database.sql
-- Afterwards give msc_owner and msc_login a password (\password) or another way to sign in.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['msc_owner', 'msc_login', 'msc_portal', 'msc_support', 'msc_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I', name);
        END IF;
    END LOOP;
    EXECUTE format('ALTER DATABASE %I OWNER TO msc_owner', current_database());
    -- A temporary schema of its own would let a role shadow the types and functions of another one.
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO msc_login', current_database());
END $$;

-- Owns every table and runs the migrations; nothing else connects as it. Data migrations see all rows.
ALTER ROLE msc_owner LOGIN BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE;
-- A migration that meets a long transaction fails and can be repeated, rather than making every page wait behind it.
ALTER ROLE msc_owner SET lock_timeout = '2s';

-- What web, worker and beat connect as. It owns nothing and has no right of its own (NOINHERIT):
-- each transaction chooses one of the three roles below by SET LOCAL ROLE.
ALTER ROLE msc_login LOGIN NOINHERIT NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE;
-- The limits of requests and tasks. For others set them in this database: ALTER ROLE msc_login IN DATABASE msc SET ...
-- wins over these lines, and running this file again does not touch it.
ALTER ROLE msc_login SET statement_timeout = '30s';
ALTER ROLE msc_login SET lock_timeout = '5s';
ALTER ROLE msc_login SET idle_in_transaction_session_timeout = '60s';

ALTER ROLE msc_portal NOLOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE msc_support NOLOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE msc_worker NOLOGIN NOBYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE;
GRANT msc_portal, msc_support, msc_worker TO msc_login;

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS btree_gist;
