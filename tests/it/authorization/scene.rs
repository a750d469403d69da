//! Portals A and B at one org and portal C at another, and callers who may know of some of them.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, Result};
use connector::{
    api::v1::{SalesforceEnvironment, Step},
    dev::{Bearer, Line},
    domain::access::Scope,
    grpc::ServerSettings,
    simulator::hubspot::seed,
};
use secrecy::SecretString;
use serde_json::Value;
use tonic::transport::{Channel, Endpoint};

use super::api::{Caller, Ids};
use crate::{
    auth::forge::{ForgedKey, now},
    harness::{
        World,
        walk::{SANDBOX_ADMIN, Walk},
    },
};

/// By how much clocks may differ, in seconds: tokens are good for so much longer than they say.
const LEEWAY: i64 = 30;
/// How often streams ask whether their credential still holds.
const RECHECK: Duration = Duration::from_millis(50);

/// Who calls.
#[derive(Clone, Debug)]
pub struct Who {
    pub scopes: BTreeSet<Scope>,
    /// `None`: all of them.
    pub portals: Option<Vec<i64>>,
    /// Claims that are other than they should be.
    pub claims: Vec<(&'static str, Value)>,
}

impl Who {
    /// With every scope, for all portals.
    pub fn anybody() -> Self {
        Self { scopes: Scope::ALL.iter().copied().collect(), portals: None, claims: Vec::new() }
    }

    /// With every scope, for these portals.
    pub fn of(portals: &[i64]) -> Self {
        Self { portals: Some(portals.to_vec()), ..Self::anybody() }
    }

    /// With these scopes alone.
    pub fn with(self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self { scopes: scopes.into_iter().collect(), ..self }
    }

    /// With another claim.
    pub fn claiming(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.claims.push((name, value.into()));
        self
    }

    /// Good for so many seconds from now on.
    pub fn lasting(self, seconds: i64) -> Self {
        self.claiming("exp", now() + seconds - LEEWAY)
    }
}

/// Makes the tokens of these callers.
pub struct Tokens {
    key: ForgedKey,
    issuer: String,
    audience: String,
}

impl Tokens {
    pub fn of(&self, who: &Who) -> Result<String> {
        let scopes: Vec<&str> = who.scopes.iter().map(|scope| scope.name()).collect();
        self.key.with_claims(|claims| {
            let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
            set("iss", self.issuer.clone().into());
            set("aud", self.audience.clone().into());
            set("sub", "tester".into());
            set("scope", scopes.join(" ").into());
            set("portals", who.portals.clone().map_or("*".into(), Value::from));
            for (name, value) in &who.claims {
                set(name, value.clone());
            }
        })
    }
}

/// A world with a server that takes these tokens beside those of its own issuer.
pub async fn world(adjust: impl FnOnce(&mut ServerSettings)) -> Result<(World, Tokens)> {
    let key = ForgedKey::ed25519("tests")?;
    let mut world = World::without_server(|config| config.grpc.stream_recheck = RECHECK).await?;
    let auth = &mut world.config.auth;
    let mut keys: Value = serde_json::from_str(auth.jwks.as_deref().context("no keys")?)?;
    let listed = keys.get_mut("keys").and_then(Value::as_array_mut);
    listed.context("no keys")?.push(key.jwk()?);
    auth.jwks = Some(keys.to_string());
    let tokens = Tokens { key, issuer: auth.issuer.clone(), audience: auth.audience.clone() };
    world.add_server_with(adjust).await?;
    Ok((world, tokens))
}

/// Three portals and a server.
pub struct Scene {
    pub world: World,
    pub tokens: Tokens,
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
        let (world, tokens) = world(adjust).await?;
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
        Ok(Self { world, tokens, a, b, c })
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
        Ok(Caller::new(channel(&self.world).await?, Some(self.tokens.of(who)?)))
    }

    /// For the clients of the services.
    pub async fn line(&self, who: &Who) -> Result<Line> {
        line(&self.world, &self.tokens.of(who)?).await
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
