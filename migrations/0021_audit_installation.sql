-- The audit chain of what belongs to no portal: its rows have the portal id 0, its head is in the installation's row.
--
-- A server from before this migration can no longer rotate or retire keys: it writes no audit row.

set local lock_timeout = '2s';

alter table installation
    add column audit_sequence bigint not null default 0,
    add column audit_head bytea not null default decode(repeat('00', 32), 'hex'),
    add constraint installation_audit_sequence_not_negative check (audit_sequence >= 0),
    add constraint installation_audit_head_length check (octet_length(audit_head) = 32);

-- As with portals: the head only moves to a row that is there.
create function installation_head_is_audited() returns trigger language plpgsql as $$
begin
    if new.audit_sequence <= old.audit_sequence or not exists (
        select from audit_rows
        where portal_id = 0 and sequence = new.audit_sequence and hash = new.audit_head
    ) then
        raise exception 'the installation''s head % is no audit row', new.audit_sequence
            using errcode = 'integrity_constraint_violation', constraint = 'installation_head_is_audited';
    end if;
    return null;
end
$$;
create trigger installation_head_is_audited
    after update of audit_sequence, audit_head on installation
    for each row
    when (
        old.audit_sequence is distinct from new.audit_sequence
        or old.audit_head is distinct from new.audit_head
    )
    execute function installation_head_is_audited();
alter table installation enable always trigger installation_head_is_audited;

-- No audit row, no other key that seals and no key given up: asked at the end of the transaction, which wrote the row
-- that the head names, or did not.
create function keys_are_audited() returns trigger language plpgsql as $$
begin
    if not exists (
        select from audit_rows r join installation i on i.audit_sequence = r.sequence
        where r.portal_id = 0 and r.xmin = pg_current_xact_id()::xid
    ) then
        raise exception '% of % has no audit row', tg_op, tg_table_name
            using errcode = 'integrity_constraint_violation', constraint = 'keys_are_audited';
    end if;
    return null;
end
$$;
-- The first server says which key seals; that decides nothing.
create constraint trigger sealing_key_is_audited
    after update of sealing_key_id on installation
    deferrable initially deferred
    for each row
    when (old.sealing_key_id is not null and old.sealing_key_id is distinct from new.sealing_key_id)
    execute function keys_are_audited();
create constraint trigger retired_keys_are_audited
    after insert or update or delete on retired_keys
    deferrable initially deferred
    for each row execute function keys_are_audited();
alter table installation enable always trigger sealing_key_is_audited;
alter table retired_keys enable always trigger retired_keys_are_audited;
