-- Hand-offs: a token that lets a Salesforce administrator do a few steps of one setup.

set local lock_timeout = '2s';

create table handoffs (
    handoff_id uuid not null,
    setup_id uuid not null,
    portal_id bigint not null,
    -- SHA-256 of the token, which is 256 random bits and stored nowhere.
    token_hash bytea not null,
    created_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint handoffs_pkey primary key (handoff_id),
    constraint handoffs_setup_fkey foreign key (setup_id) references setups (setup_id),
    constraint handoffs_portal_fkey foreign key (portal_id) references portals (portal_id),
    constraint handoffs_token_hash_key unique (token_hash),
    constraint handoffs_token_hash_length check (octet_length(token_hash) = 32),
    constraint handoffs_lasts_30_days_at_most check (expires_at <= created_at + interval '30 days 1 minute')
);
create index handoffs_setup_idx on handoffs (setup_id, handoff_id);
