-- Keys: which one seals, which rows carry which, who holds them; and logins that connections share.

set local lock_timeout = '2s';

alter table installation
    -- The key that all servers seal with. The first server says which; a rotation changes it.
    add column sealing_key_id text,
    -- Tells whether a server has the fingerprint key of this installation.
    add column fingerprint_check text;

-- Read from the envelope by the database itself, so that it can't be out of step with it (src/vault/envelope.rs).
alter table secrets
    add column key_id text generated always as (
        case when octet_length(sealed) > 1
            then encode(substring(sealed from 3 for get_byte(sealed, 1)), 'escape')
        end
    ) stored;
create index secrets_key_id_idx on secrets (key_id, secret_id);

-- The servers that run, each with the keys that it can open with and the one that it seals with.
create table key_holders (
    server_id uuid not null,
    key_ids text[] not null,
    -- It opens with every key whose id begins like this.
    key_family text,
    sealing_key_id text not null,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    constraint key_holders_pkey primary key (server_id)
);

-- Every change of the key that seals. The last one runs until no row carries another key.
create table key_rotations (
    rotation_id uuid not null,
    from_key_id text not null,
    to_key_id text not null,
    requested_by text not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    rewrapped bigint not null default 0,
    -- Rows of the last pass whose secret does not open.
    unreadable bigint not null default 0,
    lease_owner uuid,
    lease_until timestamptz,
    constraint key_rotations_pkey primary key (rotation_id),
    constraint key_rotations_counts_not_negative check (rewrapped >= 0 and unreadable >= 0)
);
create unique index key_rotations_one_running on key_rotations ((true)) where finished_at is null;

-- Keys that were given up. None of them seals again.
create table retired_keys (
    key_id text not null,
    retired_by text not null,
    retired_at timestamptz not null default now(),
    constraint retired_keys_pkey primary key (key_id)
);

-- What is sent to log in, as a keyed fingerprint: connections with the same one share a credential.
alter table connections add column login_fingerprint text;
create index connections_login_fingerprint_idx on connections (login_fingerprint) where state <> 'disconnected';
