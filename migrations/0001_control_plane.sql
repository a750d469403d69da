-- The control plane's tables.
--
-- Constraint names are a contract: src/store/constraint.rs maps each unique and check constraint to what it means,
-- and a test fails on one that is not mapped.

set local lock_timeout = '2s';

-- Names this database for resume tokens: a token from another one is refused.
create table installation (
    singleton boolean not null default true,
    incarnation uuid not null default gen_random_uuid(),
    -- Events of transactions up to this one may be gone.
    pruned_to xid8 not null default '0',
    created_at timestamptz not null default now(),
    constraint installation_pkey primary key (singleton),
    constraint installation_is_single check (singleton)
);
insert into installation default values;

-- A HubSpot account. Its row is the portal's serialisation point: every change locks it and raises the revision.
create table portals (
    portal_id bigint not null,
    revision bigint not null,
    portal jsonb not null,
    sync jsonb not null,
    sync_version bigint not null,
    events_pruned_to bigint not null default 0,
    created_at timestamptz not null default now(),
    constraint portals_pkey primary key (portal_id),
    constraint portals_portal_id_positive check (portal_id > 0),
    constraint portals_revision_not_negative check (revision >= 0)
);

create index portals_exhausted_idx on portals (portal_id)
    where sync #>> '{suspension,reason}' = 'api_calls_exhausted';

-- What changed, under the portal's revision: the source of every watch.
create table portal_events (
    portal_id bigint not null,
    revision bigint not null,
    kinds text[] not null,
    changes jsonb not null,
    principal text not null,
    method text not null,
    occurred_at timestamptz not null,
    xid xid8 not null default pg_current_xact_id(),
    constraint portal_events_pkey primary key (portal_id, revision),
    constraint portal_events_portal_fkey foreign key (portal_id) references portals (portal_id)
);
create index portal_events_xid_idx on portal_events (xid, portal_id, revision);
create index portal_events_occurred_at_idx on portal_events (occurred_at);

-- The first answer to every mutation, for when it is sent again.
create table request_records (
    principal text not null,
    method text not null,
    request_id uuid not null,
    payload_hash bytea not null,
    answer jsonb not null,
    created_at timestamptz not null default now(),
    constraint request_records_pkey primary key (principal, method, request_id),
    constraint request_records_payload_hash_length check (octet_length(payload_hash) = 32)
);
create index request_records_created_at_idx on request_records (created_at);

-- Runs through the wizard; at most one per portal that is not abandoned.
create table setups (
    setup_id uuid not null,
    portal_id bigint not null,
    active boolean not null,
    state jsonb not null,
    version bigint not null,
    created_at timestamptz not null default now(),
    constraint setups_pkey primary key (setup_id),
    constraint setups_portal_fkey foreign key (portal_id) references portals (portal_id)
);
create unique index setups_one_active_per_portal on setups (portal_id) where active;
create index setups_created_at_idx on setups (created_at, setup_id);

-- Salesforce orgs, as last seen.
create table orgs (
    org_id text not null,
    portal_cap integer not null,
    name text not null,
    edition text,
    environment text not null,
    instance_url text not null,
    seats integer,
    allocation bigint not null,
    allocation_source text not null,
    observed_used bigint,
    observed_at timestamptz,
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint orgs_pkey primary key (org_id),
    constraint orgs_cap_key unique (org_id, portal_cap),
    constraint orgs_org_id_is_18_characters check (org_id ~ '^00D[A-Za-z0-9]{15}$'),
    constraint orgs_portal_cap_bounds check (portal_cap between 1 and 100),
    constraint orgs_allocation_not_negative check (allocation >= 0)
);

-- The mapping of portals to orgs. The org's cap is part of the foreign key, so that the place can be checked against
-- it here: a cap below a place that is taken is refused as well.
create table connections (
    connection_id uuid not null,
    portal_id bigint not null,
    org_id text not null,
    portal_cap integer not null,
    place integer not null,
    state text not null,
    api_call_limit bigint not null,
    credential jsonb,
    user_key text,
    findings jsonb not null,
    probed_at timestamptz not null,
    connected_at timestamptz not null,
    disconnected_at timestamptz,
    version bigint not null,
    constraint connections_pkey primary key (connection_id),
    constraint connections_portal_fkey foreign key (portal_id) references portals (portal_id),
    constraint connections_org_fkey foreign key (org_id, portal_cap) references orgs (org_id, portal_cap)
        on update cascade,
    constraint connections_state_known check (state in ('connected', 'stale', 'disconnected')),
    constraint connections_place_within_cap check (state = 'disconnected' or place between 1 and portal_cap),
    constraint connections_disconnected_has_time check ((state = 'disconnected') = (disconnected_at is not null)),
    constraint connections_api_call_limit_positive check (api_call_limit > 0)
);
create unique index connections_one_org_per_portal on connections (portal_id) where state <> 'disconnected';
create unique index connections_one_portal_per_place on connections (org_id, place) where state <> 'disconnected';
create index connections_user_key_idx on connections (user_key) where state <> 'disconnected';
create index connections_portal_idx on connections (portal_id, connected_at);

-- Sealed secrets. A candidate becomes current once it has proved good.
create table secrets (
    secret_id uuid not null,
    portal_id bigint not null,
    kind text not null,
    role text not null,
    version integer not null,
    sealed bytea not null,
    info jsonb not null,
    created_at timestamptz not null default now(),
    constraint secrets_pkey primary key (secret_id),
    constraint secrets_portal_fkey foreign key (portal_id) references portals (portal_id),
    constraint secrets_kind_known check
        (kind in ('hubspot_credential', 'security_token', 'salesforce_credential', 'salesforce_session')),
    constraint secrets_role_known check (role in ('current', 'candidate')),
    constraint secrets_version_positive check (version > 0)
);
create unique index secrets_one_per_role on secrets (portal_id, kind, role);

-- Every login that was sent, written down before it is sent.
create table login_attempts (
    login_id uuid not null,
    portal_id bigint not null,
    attempt_id uuid,
    user_key text not null,
    fingerprint text not null,
    outcome text,
    started_at timestamptz not null,
    ended_at timestamptz,
    constraint login_attempts_pkey primary key (login_id),
    constraint login_attempts_portal_fkey foreign key (portal_id) references portals (portal_id),
    constraint login_attempts_outcome_known check (outcome in ('accepted', 'refused', 'failed'))
);
create index login_attempts_user_key_idx on login_attempts (user_key, started_at);
create index login_attempts_attempt_idx on login_attempts (attempt_id);

-- Work that a worker takes up under a lease; the fence rises with every take.
create table jobs (
    job_id uuid not null,
    portal_id bigint not null,
    kind text not null,
    subject_id uuid not null,
    run_at timestamptz not null,
    lease_owner text,
    lease_until timestamptz,
    fence bigint not null default 0,
    created_at timestamptz not null default now(),
    constraint jobs_pkey primary key (job_id),
    constraint jobs_portal_fkey foreign key (portal_id) references portals (portal_id),
    constraint jobs_one_per_subject unique (kind, subject_id),
    constraint jobs_kind_known check (kind in ('connect', 'test_contact', 'test_contact_cleanup'))
);
create index jobs_due_idx on jobs (run_at);

create table test_contacts (
    test_contact_id uuid not null,
    portal_id bigint not null,
    state jsonb not null,
    version bigint not null,
    created_at timestamptz not null default now(),
    constraint test_contacts_pkey primary key (test_contact_id),
    constraint test_contacts_portal_fkey foreign key (portal_id) references portals (portal_id)
);
create index test_contacts_portal_idx on test_contacts (portal_id, test_contact_id);

-- The ledger of Salesforce API calls, added up in buckets of ten minutes.
create table api_calls (
    org_id text not null,
    portal_id bigint not null,
    bucket timestamptz not null,
    calls bigint not null,
    constraint api_calls_pkey primary key (org_id, portal_id, bucket),
    constraint api_calls_org_fkey foreign key (org_id) references orgs (org_id),
    constraint api_calls_not_negative check (calls >= 0)
);

-- Calls set aside for work in progress. One that was never settled counts until it expires, and then as used.
create table api_reservations (
    reservation_id uuid not null,
    org_id text not null,
    portal_id bigint not null,
    calls bigint not null,
    reserved_at timestamptz not null,
    constraint api_reservations_pkey primary key (reservation_id),
    constraint api_reservations_org_fkey foreign key (org_id) references orgs (org_id),
    constraint api_reservations_calls_positive check (calls > 0)
);
create index api_reservations_org_idx on api_reservations (org_id);
