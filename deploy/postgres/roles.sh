#!/bin/bash
# Run once by the postgres image on an empty data folder: the roles. What they may do with which table is written in
# grants.sql, which `connectord migrate` runs.
#   connector_owner         owns the schema and runs the migrations
#   connector_app           the servers: reads and writes rows of the tables that are named, nothing else
#   connector_audit_reader  reads the audit trail, nothing else
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set database="$POSTGRES_DB" \
    --set owner_password="$(cat /run/secrets/owner_password)" \
    --set app_password="$(cat /run/secrets/app_password)" \
    --set audit_reader_password="$(cat /run/secrets/audit_reader_password)" <<'SQL'
CREATE ROLE connector_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE connector_app LOGIN PASSWORD :'app_password';
CREATE ROLE connector_audit_reader LOGIN PASSWORD :'audit_reader_password';

-- Also no temporary tables: one of them could stand in for a table of ours.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO connector_owner, connector_app, connector_audit_reader;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO connector_owner;
SQL
