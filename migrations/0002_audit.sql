-- The audit trail: one chain of rows for each portal, whose head is in the portal's row.
--
-- How a row's hash is made: src/audit/row.rs and docs/adr/0015-audit-trail.md.

set local lock_timeout = '2s';

alter table portals
    add column audit_sequence bigint not null default 0,
    add column audit_head bytea not null default decode(repeat('00', 32), 'hex'),
    add constraint portals_audit_sequence_not_negative check (audit_sequence >= 0),
    add constraint portals_audit_head_length check (octet_length(audit_head) = 32);

-- Nothing refers to it and it refers to nothing: it outlives what it tells of.
create table audit_rows (
    portal_id bigint not null,
    sequence bigint not null,
    -- The portal's revision after the change.
    revision bigint not null,
    occurred_at timestamptz not null,
    principal text not null,
    method text not null,
    -- The id that makes the mutation repeatable.
    request_id uuid not null,
    -- The id under which the call is found in logs.
    call_id text,
    reason text,
    kinds text[] not null,
    -- Before and after. Hashed as it is written here, and so json, which keeps it letter by letter, and not jsonb.
    details json not null,
    prev_hash bytea not null,
    hash bytea not null,
    constraint audit_rows_pkey primary key (portal_id, sequence),
    constraint audit_rows_sequence_positive check (sequence > 0),
    constraint audit_rows_prev_hash_length check (octet_length(prev_hash) = 32),
    constraint audit_rows_hash_length check (octet_length(hash) = 32)
);
create index audit_rows_occurred_at_idx on audit_rows (occurred_at, portal_id, sequence);

-- Signed statements over the heads of all chains, as they are exported.
create table audit_exports (
    number bigint not null,
    signed_at timestamptz not null,
    -- The file's text, byte by byte.
    document text not null,
    constraint audit_exports_pkey primary key (number),
    constraint audit_exports_number_positive check (number > 0)
);

-- The heads of the last statement, so that the next one need only name those that moved. It proves nothing.
create table audit_signed_heads (
    portal_id bigint not null,
    sequence bigint not null,
    hash bytea not null,
    constraint audit_signed_heads_pkey primary key (portal_id),
    constraint audit_signed_heads_hash_length check (octet_length(hash) = 32)
);

-- What was written stays, for everybody. Whoever owns the tables can drop this as well; the signed statements tell.
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: the audit trail is append-only', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_rows_append_only before update or delete or truncate on audit_rows
    for each statement execute function audit_is_append_only();
create trigger audit_exports_append_only before update or delete or truncate on audit_exports
    for each statement execute function audit_is_append_only();
alter table audit_rows enable always trigger audit_rows_append_only;
alter table audit_exports enable always trigger audit_exports_append_only;

-- No audit row, no change. Runs at the end of the statement that raises the revision, which writes the row as well.
create function portal_revision_is_audited() returns trigger language plpgsql as $$
begin
    if new.audit_sequence <= old.audit_sequence or not exists (
        select from audit_rows
        where portal_id = new.portal_id and sequence = new.audit_sequence
          and hash = new.audit_head and revision = new.revision
    ) then
        raise exception 'portal %: revision % has no audit row', new.portal_id, new.revision
            using errcode = 'integrity_constraint_violation', constraint = 'portals_revision_is_audited';
    end if;
    return null;
end
$$;
create trigger portals_revision_is_audited
    after update of revision, audit_sequence, audit_head on portals
    for each row
    when (
        old.revision is distinct from new.revision
        or old.audit_sequence is distinct from new.audit_sequence
        or old.audit_head is distinct from new.audit_head
    )
    execute function portal_revision_is_audited();
alter table portals enable always trigger portals_revision_is_audited;
