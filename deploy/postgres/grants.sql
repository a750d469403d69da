-- Who may do what with which table. `connectord migrate` runs this after the migrations, as the owner of the schema; it
-- may be run again at any time. Roles that do not exist are passed over: deploy/postgres/roles.sh makes them.
--
-- A table that is not named here is closed to the servers.
do $$
begin
    -- Two that migrate at once would trip over each other's catalog rows.
    perform pg_advisory_xact_lock(hashtext('connector_grants'));

    if exists (select from pg_roles where rolname = 'connector_app') then
        revoke all on all tables in schema public from connector_app;
        revoke all on all sequences in schema public from connector_app;
        grant usage on schema public to connector_app;
        grant select on _sqlx_migrations to connector_app;
        grant select, update on installation to connector_app;
        grant select, insert, update
            on portals, setups, orgs, connections, login_attempts, test_contacts, api_calls, audit_signed_heads, handoffs
            to connector_app;
        grant select, insert, delete on portal_events, request_records, api_reservations to connector_app;
        grant select, insert, update, delete on secrets, jobs, token_renewals, key_holders to connector_app;
        grant select, insert, update on key_rotations to connector_app;
        grant select, insert on retired_keys to connector_app;
        -- The trail only grows.
        grant select, insert on audit_rows, audit_exports to connector_app;
    end if;

    if exists (select from pg_roles where rolname = 'connector_audit_reader') then
        revoke all on all tables in schema public from connector_audit_reader;
        grant usage on schema public to connector_audit_reader;
        grant select on audit_rows, audit_exports to connector_audit_reader;
        -- The ends of the chains, and nothing else of a portal.
        grant select (portal_id, revision, audit_sequence, audit_head) on portals to connector_audit_reader;
        grant select (incarnation, audit_sequence, audit_head) on installation to connector_audit_reader;
    end if;
end
$$;
