-- Gives the two roles that sign in their passwords, from the environment of psql.
\getenv login MSC_LOGIN_PASSWORD
\getenv owner MSC_OWNER_PASSWORD
ALTER ROLE msc_login PASSWORD :'login';
ALTER ROLE msc_owner PASSWORD :'owner';
