-- Access tokens of HubSpot, which all servers share, and which server renews one.

set local lock_timeout = '2s';

alter table secrets drop constraint secrets_kind_known;
alter table secrets add constraint secrets_kind_known check (kind in (
    'hubspot_credential', 'hubspot_access_token', 'security_token', 'salesforce_credential', 'salesforce_session'
));

-- A refresh may end the refresh token that it used: one server at a time asks for a portal.
create table token_renewals (
    portal_id bigint not null,
    holder uuid not null,
    expires_at timestamptz not null,
    constraint token_renewals_pkey primary key (portal_id),
    constraint token_renewals_portal_fkey foreign key (portal_id) references portals (portal_id)
);
