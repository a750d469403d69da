//! What a change has to know of its portal, by one statement for many changes: one snapshot, so that all of it belongs to
//! the revision that it names.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::store::{
    Call, SecretKind, Target,
    reader::{Asked, Lookup, Question},
    recorded::Recorded,
    secrets::StoredSecret,
    setups::OrgShare,
    standing::PortalState,
};

/// Portals with all that a change may ask for, and the first answer to a request if it was made before.
pub(in crate::store) struct Images;

/// Which portal changes, under which request id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::store) struct ImageKey {
    target: Target,
    principal: String,
    method: &'static str,
    request_id: Uuid,
    /// A secret in force that is needed as well.
    secret: Option<&'static str>,
}

impl ImageKey {
    pub(super) fn new(call: &Call, target: Target, secret: Option<SecretKind>) -> Self {
        Self {
            target,
            secret: secret.map(SecretKind::name),
            principal: call.principal.clone(),
            method: call.method,
            request_id: call.request_id,
        }
    }
}

/// A portal with what belongs to it, documents as text.
#[derive(Clone, Debug)]
pub(in crate::store) struct Image {
    pub(super) portal: PortalState,
    pub(super) recorded: Option<Recorded>,
    /// The one that was asked for, or else the one that is not abandoned.
    pub(super) setup: Option<String>,
    /// The one in force, or else the last one.
    pub(super) connection: Option<String>,
    pub(super) share: OrgShare,
    /// The one that was asked for, or else the newest.
    pub(super) test_contact: Option<String>,
    pub(super) handoff: Option<String>,
    /// Kind and role of each, with a slash in between.
    pub(super) secrets: Vec<String>,
    /// The one that was asked for.
    pub(super) secret: Option<StoredSecret>,
}

impl Image {
    /// Of a portal that has just been made: nothing belongs to it yet.
    pub(in crate::store) fn of_new(portal: PortalState) -> Self {
        Self {
            portal,
            recorded: None,
            setup: None,
            connection: None,
            share: OrgShare::default(),
            test_contact: None,
            handoff: None,
            secrets: Vec::new(),
            secret: None,
        }
    }
}

/// The keys, a column each.
#[derive(Default)]
struct Keys {
    numbers: Vec<i64>,
    portals: Vec<Option<i64>>,
    setups: Vec<Option<Uuid>>,
    test_contacts: Vec<Option<Uuid>>,
    handoffs: Vec<Option<Uuid>>,
    principals: Vec<String>,
    methods: Vec<String>,
    requests: Vec<Uuid>,
    secrets: Vec<Option<String>>,
}

impl Keys {
    fn of(keys: &[ImageKey]) -> Self {
        let mut columns = Self::default();
        for (number, key) in (0..).zip(keys) {
            let ids = key.target.ids();
            columns.numbers.push(number);
            columns.portals.push(ids.portal);
            columns.setups.push(ids.setup);
            columns.test_contacts.push(ids.test_contact);
            columns.handoffs.push(ids.handoff);
            columns.principals.push(key.principal.clone());
            columns.methods.push(key.method.to_owned());
            columns.requests.push(key.request_id);
            columns.secrets.push(key.secret.map(str::to_owned));
        }
        columns
    }
}

impl Lookup for Images {
    type Key = ImageKey;
    type Row = Image;

    async fn read(
        connection: &mut PgConnection,
        keys: &[ImageKey],
    ) -> Result<HashMap<ImageKey, Image>, sqlx::Error> {
        let images = read(connection, &Keys::of(keys)).await?;
        let keyed = images.into_iter().filter_map(|(number, image)| {
            let key = usize::try_from(number).ok().and_then(|number| keys.get(number))?;
            Some((key.clone(), image))
        });
        Ok(keyed.collect())
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::Image(asked)
    }
}

async fn read(connection: &mut PgConnection, keys: &Keys) -> Result<Vec<(i64, Image)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"/* optimistic::read */
        select asked.number as "number!", p.portal_id as "portal_id!", p.revision as "revision!",
            p.portal::text as "portal!", p.sync::text as "sync!", p.sync_version as "sync_version!",
            p.audit_sequence as "audit_sequence!", p.audit_head as "audit_head!", clock_timestamp() as "now!",
            r.payload_hash as "payload_hash?", r.answer::text as "answer?",
            coalesce(named.state, current.state)::text as setup, c.document::text as "connection?",
            o.allocation as "allocation?", o.allocation_source as "source?",
            coalesce(others.held, 0) as "held!", coalesce(others.shared, '{}') as "shared!",
            coalesce(others.names, '{}') as "names!", coalesce(tried.state, newest.state)::text as test_contact,
            h.document::text as "handoff?",
            array(
                select kept.kind || '/' || kept.role from secrets kept where kept.portal_id = p.portal_id
            ) as "secrets!",
            wanted.secret_id as "secret_id?", wanted.version as "secret_version?", wanted.sealed as "sealed?",
            wanted.info::text as "secret_info?"
        from unnest(
            $1::bigint[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::text[]
        ) as asked (number, portal_id, setup_id, test_contact_id, handoff_id, principal, method, request_id, secret)
        left join setups named on named.setup_id = asked.setup_id
        left join test_contacts tried on tried.test_contact_id = asked.test_contact_id
        join portals p on p.portal_id = coalesce(asked.portal_id, named.portal_id, tried.portal_id)
        left join request_records r
            on r.principal = asked.principal and r.method = asked.method and r.request_id = asked.request_id
        left join secrets wanted
            on wanted.portal_id = p.portal_id and wanted.kind = asked.secret and wanted.role = 'current'
        left join setups current
            on current.portal_id = p.portal_id and current.active and asked.setup_id is null
        left join lateral (
            select last.org_id, last.user_key, last.state, jsonb_build_object(
                'id', last.connection_id, 'portal_id', last.portal_id, 'org_id', last.org_id, 'org_name', org.name,
                'place', last.place, 'state', last.state, 'credential', last.credential,
                'api_call_limit', last.api_call_limit, 'findings', last.findings, 'probed_at', last.probed_at,
                'connected_at', last.connected_at, 'disconnected_at', last.disconnected_at, 'version', last.version
            ) as document
            from connections last join orgs org on org.org_id = last.org_id
            where last.portal_id = p.portal_id
            order by last.state = 'disconnected', last.connected_at desc
            limit 1
        ) c on true
        left join orgs o on o.org_id = c.org_id and c.state <> 'disconnected'
        left join lateral (
            select sum(other.api_call_limit)::bigint as held,
                array_agg(other.portal_id order by other.portal_id)
                    filter (where other.user_key = c.user_key) as shared,
                array_agg(coalesce(beside.portal ->> 'display_name', '') order by other.portal_id)
                    filter (where other.user_key = c.user_key) as names
            from connections other
            join portals beside on beside.portal_id = other.portal_id
            where other.org_id = o.org_id and other.portal_id <> p.portal_id and other.state <> 'disconnected'
        ) others on o.org_id is not null
        left join lateral (
            select last.state from test_contacts last
            where last.portal_id = p.portal_id and asked.test_contact_id is null
            order by last.test_contact_id desc
            limit 1
        ) newest on true
        left join lateral (
            select jsonb_build_object(
                'id', given.handoff_id, 'setup_id', given.setup_id, 'portal_id', given.portal_id,
                'created_by', given.created_by, 'created_at', given.created_at, 'expires_at', given.expires_at,
                'revoked_at', given.revoked_at
            ) as document
            from handoffs given
            where given.handoff_id = asked.handoff_id and given.setup_id = asked.setup_id
        ) h on true"#,
        &keys.numbers,
        &keys.portals as &[Option<i64>],
        &keys.setups as &[Option<Uuid>],
        &keys.test_contacts as &[Option<Uuid>],
        &keys.handoffs as &[Option<Uuid>],
        &keys.principals,
        &keys.methods,
        &keys.requests,
        &keys.secrets as &[Option<String>],
    )
    .fetch_all(connection)
    .await?;
    let images = rows.into_iter().map(|row| {
        let portal = PortalState {
            portal_id: row.portal_id,
            revision: row.revision,
            portal: row.portal,
            sync: row.sync,
            sync_version: row.sync_version,
            audit_sequence: row.audit_sequence,
            audit_head: row.audit_head,
            now: row.now,
        };
        let image = Image {
            portal,
            recorded: Recorded::of(row.payload_hash, row.answer),
            setup: row.setup,
            connection: row.connection,
            share: OrgShare::new(row.allocation, row.source.as_deref(), row.held, row.shared, row.names),
            test_contact: row.test_contact,
            handoff: row.handoff,
            secrets: row.secrets,
            secret: StoredSecret::of(row.secret_id, row.secret_version, row.sealed, row.secret_info),
        };
        (row.number, image)
    });
    Ok(images.collect())
}
