#!/bin/bash
# Run once by the postgres image on an empty data folder: who may do what.
#   connector_owner  owns the schema and runs the migrations
#   connector_app    reads and writes rows, nothing else; the servers are this role
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set database="$POSTGRES_DB" \
    --set owner_password="$(cat /run/secrets/owner_password)" \
    --set app_password="$(cat /run/secrets/app_password)" <<'SQL'
CREATE ROLE connector_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE connector_app LOGIN PASSWORD :'app_password';

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO connector_owner, connector_app;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO connector_owner;
GRANT USAGE ON SCHEMA public TO connector_app;

-- What the migrations are going to make.
ALTER DEFAULT PRIVILEGES FOR ROLE connector_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO connector_app;
ALTER DEFAULT PRIVILEGES FOR ROLE connector_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO connector_app;
SQL
