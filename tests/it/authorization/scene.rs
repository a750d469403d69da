//! Portals A and B at one org and portal C at another, and callers who may know of some of them.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;
use connector::{
    api::v1::{SalesforceEnvironment, Step},
    dev::{Bearer, Line},
    domain::{
        PortalId,
        access::{Access, PortalGrant, Scope},
    },
    grpc::ServerSettings,
    simulator::hubspot::seed,
};
use secrecy::SecretString;
use time::OffsetDateTime;
use tonic::transport::{Channel, Endpoint};

use super::api::{Caller, Ids};
use crate::harness::{
    World,
    walk::{SANDBOX_ADMIN, Walk},
};

/// How often streams ask whether their credential still holds.
const RECHECK: Duration = Duration::from_millis(50);

/// Who calls.
#[derive(Clone, Debug)]
pub struct Who {
    pub scopes: BTreeSet<Scope>,
    /// `None`: all of them.
    pub portals: Option<Vec<i64>>,
    pub expires_at: Option<OffsetDateTime>,
}

impl Who {
    /// With every scope, for all portals.
    pub fn anybody() -> Self {
        Self { scopes: Scope::ALL.iter().copied().collect(), portals: None, expires_at: None }
    }

    /// With every scope, for these portals.
    pub fn of(portals: &[i64]) -> Self {
        Self { portals: Some(portals.to_vec()), ..Self::anybody() }
    }

    /// With these scopes alone.
    pub fn with(self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self { scopes: scopes.into_iter().collect(), ..self }
    }

    /// For so long.
    pub fn lasting(self, time: Duration) -> Self {
        Self { expires_at: Some(OffsetDateTime::now_utc() + time), ..self }
    }

    /// The token to call with.
    pub fn token(&self) -> String {
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.name()).collect();
        let portals = self.portals.as_ref().map_or("*".to_owned(), |portals| {
            portals.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        });
        let end = self.expires_at.map_or(i128::MAX, OffsetDateTime::unix_timestamp_nanos);
        format!("test;{};{portals};{end}", scopes.join(" "))
    }
}

fn read(token: &str) -> Option<Access> {
    let mut parts = token.strip_prefix("test;")?.split(';');
    let scopes = parts.next()?.split(' ').filter_map(Scope::from_name).collect();
    let portals = match parts.next()? {
        "*" => PortalGrant::All,
        some => PortalGrant::Only(
            some.split(',').filter_map(|id| id.parse().ok()).filter_map(PortalId::parse).collect(),
        ),
    };
    let expires_at = OffsetDateTime::from_unix_timestamp_nanos(parts.next()?.parse().ok()?).ok();
    Some(Access { principal: "tester".into(), scopes, portals, expires_at, handoff: None })
}

/// A server that knows the callers of these tests.
pub fn knowing(settings: &mut ServerSettings) {
    settings.authentication = settings.authentication.clone().knowing(read);
}

/// Three portals and a server.
pub struct Scene {
    pub world: World,
    pub a: Walk,
    pub b: Walk,
    pub c: Walk,
}

impl Scene {
    /// A and B are connected to Acme and have sync switched on, C is connected to its sandbox.
    pub async fn start() -> Result<Self> {
        Self::start_with(|_| ()).await
    }

    /// The same with other settings.
    pub async fn start_with(adjust: impl FnOnce(&mut ServerSettings)) -> Result<Self> {
        let mut scene = Self::full_acme(adjust).await?;
        scene.c.username = SANDBOX_ADMIN.to_owned();
        scene.c.environment = SalesforceEnvironment::Sandbox;
        scene.c.answer_until(Step::ObjectSync).await?;
        Ok(scene)
    }

    /// A and B are connected to Acme and have sync switched on; C has only begun.
    pub async fn full_acme(adjust: impl FnOnce(&mut ServerSettings)) -> Result<Self> {
        let mut world = World::without_server(|config| config.grpc.stream_recheck = RECHECK).await?;
        world
            .add_server_with(|settings| {
                knowing(settings);
                adjust(settings);
            })
            .await?;
        let a = Walk::before(&world, Step::ApiCallLimit).await?;
        let b = Walk::start_with(&world, seed::TOKEN_B).await?;
        b.answer_until(Step::ApiCallLimit).await?;
        let c = Walk::start_with(&world, seed::TOKEN_C).await?;
        for walk in [&a, &b] {
            walk.limit(Some(10_000)).await?;
            for step in AFTER_LIMIT {
                walk.answer_and_wait(step).await?;
            }
        }
        Ok(Self { world, a, b, c })
    }

    /// What can be named of a portal. C has no test contact: one that it can't have is as good.
    pub async fn ids(&self, walk: &Walk) -> Result<Ids> {
        let contact = walk.create_test_contact().await.ok();
        Ok(Ids {
            portal_id: walk.portal_id,
            setup_id: walk.setup_id.clone(),
            test_contact_id: contact
                .map_or_else(|| uuid::Uuid::now_v7().to_string(), |contact| contact.test_contact_id),
            org_id: walk.sync_status().await?.org_id,
        })
    }

    /// A caller.
    pub async fn caller(&self, who: &Who) -> Result<Caller> {
        self.with_token(&who.token()).await
    }

    /// A caller with a token as it is.
    pub async fn with_token(&self, token: &str) -> Result<Caller> {
        Ok(Caller::new(channel(&self.world).await?, Some(token.to_owned())))
    }

    /// For the clients of the services.
    pub async fn line(&self, token: &str) -> Result<Line> {
        line(&self.world, token).await
    }
}

/// A connection without any token.
pub async fn channel(world: &World) -> Result<Channel> {
    Ok(Endpoint::from_shared(world.url(0).to_owned())?.connect().await?)
}

/// A connection for the clients of the services.
pub async fn line(world: &World, token: &str) -> Result<Line> {
    Ok(Bearer::new(&SecretString::from(token))?.over(channel(world).await?))
}

const AFTER_LIMIT: [Step; 8] = [
    Step::Package,
    Step::SecurityToken,
    Step::VisualforceModule,
    Step::ConnectAccounts,
    Step::ObjectSync,
    Step::ActivitySync,
    Step::InclusionList,
    Step::Review,
];
