//! The matrix by certificates: every RPC of the descriptor by every kind of certificate, alone and beside a token that
//! is good for everything. A new RPC is in it by existing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Result, ensure};
use connector::{
    config::{AllPortals, CertificateConfig, Portals, Required},
    domain::access::{PortalRule, Rule, Scope},
    grpc::Rules,
};
use tonic::{Status, transport::Channel};

use super::{
    api::{Caller, Ids, Rpc, code},
    matrix::{Answer, GARBAGE, denied, fine, nothing_foreign, unauthenticated},
    scene::{Scene, Who},
};
use crate::{
    auth::authority::{Authority, EXPIRED, FINE, Folder, Issued, NOT_YET, connect},
    harness::refusal::Refused,
};

const ALL: &str = "spiffe://corp.example/sa/all";

/// The id of whoever has this scope and no other, for portal A.
fn of_scope(scope: Scope) -> String {
    format!("spiffe://corp.example/scope/{}", scope.name())
}

fn rule(san: &str, scopes: &[Scope], portals: Portals) -> CertificateConfig {
    CertificateConfig {
        san: san.to_owned(),
        principal: None,
        scopes: scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        portals,
    }
}

/// What a caller shows in the handshake.
#[derive(Clone, Copy, Debug)]
enum Shows {
    Nothing,
    /// Of another authority, for a name that has every right.
    WrongAuthority,
    Expired,
    NotYetValid,
    /// Issued for servers.
    ForServers,
    Revoked,
    /// Good, and mapped to nobody.
    Stranger,
    /// One scope that the RPC does not take.
    OtherScope,
    /// One that it takes.
    OneScope,
    /// Everything, for all portals.
    Everything,
}

/// A kind of caller, and what becomes of its call.
struct Row {
    name: &'static str,
    shows: Shows,
    /// Whether a token comes with it that is good for everything.
    token: bool,
    /// Where certificates are demanded as well as tokens.
    both: bool,
    body: Body,
    judge: fn(&Rpc, &Answer, &[Ids]) -> Result<(), String>,
}

/// What it sends.
#[derive(Clone, Copy, PartialEq)]
enum Body {
    Own,
    Foreign,
    Garbage,
}

const fn bad(name: &'static str, shows: Shows, token: bool, both: bool) -> Row {
    Row { name, shows, token, both, body: Body::Garbage, judge: no_connection }
}

const fn unknown(name: &'static str, shows: Shows, token: bool, both: bool) -> Row {
    Row { name, shows, token, both, body: Body::Garbage, judge: unauthenticated }
}

const ROWS: &[Row] = &[
    unknown("no certificate", Shows::Nothing, false, false),
    unknown("a stranger's certificate", Shows::Stranger, false, false),
    bad("wrong authority", Shows::WrongAuthority, false, false),
    bad("expired", Shows::Expired, false, false),
    bad("not yet valid", Shows::NotYetValid, false, false),
    bad("revoked", Shows::Revoked, false, false),
    bad("for servers", Shows::ForServers, false, false),
    // A good token does not mend a certificate that is not good.
    bad("wrong authority, good token", Shows::WrongAuthority, true, false),
    bad("expired, good token", Shows::Expired, true, false),
    unknown("both demanded: no certificate, good token", Shows::Nothing, true, true),
    unknown("both demanded: stranger, good token", Shows::Stranger, true, true),
    unknown("both demanded: good certificate, no token", Shows::Everything, false, true),
    bad("both demanded: wrong authority, good token", Shows::WrongAuthority, true, true),
    bad("both demanded: expired, good token", Shows::Expired, true, true),
    Row {
        name: "missing scope",
        shows: Shows::OtherScope,
        token: false,
        both: false,
        body: Body::Garbage,
        judge: denied,
    },
    Row {
        name: "both demanded: missing scope in the certificate",
        shows: Shows::OtherScope,
        token: true,
        both: true,
        body: Body::Garbage,
        judge: denied,
    },
    Row {
        name: "other portal",
        shows: Shows::OneScope,
        token: false,
        both: false,
        body: Body::Foreign,
        judge: nothing_foreign,
    },
    Row {
        name: "both demanded: other portal in the certificate",
        shows: Shows::OneScope,
        token: true,
        both: true,
        body: Body::Foreign,
        judge: nothing_foreign,
    },
    Row {
        name: "all fine, by one scope",
        shows: Shows::OneScope,
        token: false,
        both: false,
        body: Body::Own,
        judge: fine,
    },
    Row {
        name: "all fine, for all portals",
        shows: Shows::Everything,
        token: false,
        both: false,
        body: Body::Own,
        judge: fine,
    },
    Row {
        name: "both demanded: all fine",
        shows: Shows::Everything,
        token: true,
        both: true,
        body: Body::Own,
        judge: fine,
    },
];

/// The handshake failed: nobody answered, and no status of ours came.
fn no_connection(_: &Rpc, answer: &Answer, _: &[Ids]) -> Result<(), String> {
    match answer {
        Ok(_) => Err("answered".to_owned()),
        Err(status) => {
            let refused = Refused::read(status);
            if refused.reason.is_empty() { Ok(()) } else { Err(format!("a call came through: {refused:?}")) }
        }
    }
}

/// Two servers on one database: one that takes either, one that demands both.
struct Bed {
    scene: Scene,
    authority: Authority,
    stranger: Authority,
    revoked: Issued,
    _folder: Folder,
    token: String,
    /// Connections that came about, by what was shown and where: a handshake for each call would take minutes.
    channels: Mutex<HashMap<String, Channel>>,
}

impl Bed {
    async fn start(rules: Option<Rules>) -> Result<Self> {
        let rules = rules.map(Arc::new);
        let mut scene = Scene::start().await?;
        let (authority, folder) = (Authority::new()?, Folder::new()?);
        let revoked = authority.client(ALL, FINE)?;
        folder.serve(&authority.server()?)?;
        folder.write("clients.pem", &authority.pem())?;
        folder.write("clients.crl", &authority.revoke(&[&revoked])?)?;
        let config = &mut scene.world.config;
        folder.configure(config);
        config.tls.client_ca_file = Some(folder.path("clients.pem"));
        config.tls.client_crl_file = Some(folder.path("clients.crl"));
        let own = || Portals::Only(vec![scene.a.portal_id]);
        config.auth.certificates =
            Scope::ALL.iter().map(|scope| rule(&of_scope(*scope), &[*scope], own())).collect();
        config.auth.certificates.push(rule(ALL, Scope::ALL, Portals::All(AllPortals::Star)));
        let adjust = |settings: &mut connector::grpc::ServerSettings| {
            if let Some(rules) = &rules {
                settings.rules = Arc::clone(rules);
            }
        };
        scene.world.add_server_with(adjust).await?;
        scene.world.config.auth.require = Required::Both;
        scene.world.add_server_with(adjust).await?;
        let token = scene.tokens.of(&Who::anybody())?;
        Ok(Self {
            scene,
            authority,
            stranger: Authority::new()?,
            revoked,
            _folder: folder,
            token,
            channels: Mutex::default(),
        })
    }

    fn certificate(&self, shows: Shows, rpc: &Rpc) -> Result<Option<Issued>> {
        let scoped = |scope: Option<&Scope>| {
            // An RPC that takes every scope would leave none that is missing.
            let name =
                scope.map_or_else(|| "spiffe://corp.example/nobody".to_owned(), |scope| of_scope(*scope));
            self.authority.client(&name, FINE)
        };
        Ok(Some(match shows {
            Shows::Nothing => return Ok(None),
            Shows::WrongAuthority => self.stranger.client(ALL, FINE)?,
            Shows::Expired => self.authority.client(ALL, EXPIRED)?,
            Shows::NotYetValid => self.authority.client(ALL, NOT_YET)?,
            Shows::ForServers => self.authority.no_client(ALL)?,
            Shows::Revoked => self.revoked.clone(),
            Shows::Stranger => self.authority.client("spiffe://corp.example/sa/stranger", FINE)?,
            Shows::OtherScope => scoped(Scope::ALL.iter().find(|scope| !rpc.scopes.contains(scope)))?,
            Shows::OneScope => scoped(rpc.scopes.first())?,
            Shows::Everything => self.authority.client(ALL, FINE)?,
        }))
    }

    async fn channel(&self, row: &Row, rpc: &Rpc) -> Result<Channel, Status> {
        let shown = match row.shows {
            Shows::OtherScope => Scope::ALL.iter().find(|scope| !rpc.scopes.contains(scope)),
            Shows::OneScope => rpc.scopes.first(),
            _ => None,
        };
        let name = format!("{:?} {shown:?} {}", row.shows, row.both);
        if let Some(channel) = self.channels.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(channel.clone());
        }
        let channel = self.connect(row, rpc).await?;
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).insert(name, channel.clone());
        Ok(channel)
    }

    async fn connect(&self, row: &Row, rpc: &Rpc) -> Result<Channel, Status> {
        let untold = |error: anyhow::Error| Status::unavailable(format!("{error:#}"));
        let certificate = self.certificate(row.shows, rpc).map_err(untold)?;
        let url = self.scene.world.url(if row.both { 2 } else { 1 });
        connect(url, &self.authority.pem(), certificate.as_ref()).await.map_err(untold)
    }

    async fn call(&self, row: &Row, rpc: &Rpc, body: &[u8]) -> Answer {
        let token = row.token.then(|| self.token.clone());
        Caller::new(self.channel(row, rpc).await?, token).call(rpc, body).await
    }

    /// Every cell that is not as it should be.
    async fn holes(&self, of: impl Fn(&Rpc) -> bool) -> Result<(usize, Vec<String>)> {
        let own = self.scene.ids(&self.scene.a).await?;
        let (b, c) = (self.scene.ids(&self.scene.b).await?, self.scene.ids(&self.scene.c).await?);
        let hidden = [c.clone(), Ids { org_id: c.org_id.clone(), ..b }];
        let (mut cells, mut holes) = (0, Vec::new());
        for rpc in Rpc::all()?.into_iter().filter(of) {
            for row in ROWS {
                let body = match row.body {
                    Body::Own => rpc.request(&own)?,
                    Body::Foreign => rpc.request(&c)?,
                    Body::Garbage => GARBAGE.to_vec(),
                };
                let answer = self.call(row, &rpc, &body).await;
                cells += 1;
                if let Err(cause) = (row.judge)(&rpc, &answer, &hidden) {
                    holes.push(format!("{} × {}: {:?}: {cause}", rpc.name(), row.name, code(&answer)));
                }
            }
        }
        Ok((cells, holes))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rpc_by_every_kind_of_certificate() -> Result<()> {
    let (cells, holes) = Bed::start(None).await?.holes(|_| true).await?;
    ensure!(holes.is_empty(), "{} of {cells}:\n{}", holes.len(), holes.join("\n"));
    ensure!(cells >= 1_000, "{cells} cells");
    Ok(())
}

/// A hole is found where one is, and nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_hole_is_found_by_certificates_too() -> Result<()> {
    let rule =
        Rule { scopes: Scope::ALL.iter().copied().collect(), portal: PortalRule::None, handoff: false };
    let rules = Rules::of_the_api()?.with("/connector.v1.SetupService/GetSetup", rule);
    let (_, holes) = Bed::start(Some(rules)).await?.holes(|rpc| rpc.name().starts_with("Get")).await?;
    ensure!(holes.iter().any(|hole| hole.starts_with("GetSetup × other portal")), "{holes:#?}");
    ensure!(holes.iter().all(|hole| hole.starts_with("GetSetup ×")), "{holes:#?}");
    Ok(())
}
