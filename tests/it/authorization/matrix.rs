//! The matrix: every RPC of the descriptor by every kind of caller. A new RPC is in it by existing.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Result, ensure};
use connector::{
    domain::access::{PortalRule, Rule, Scope},
    grpc::Rules,
};
use tonic::{Code, Status};

use super::{
    api::{Caller, Ids, Rpc, code},
    scene::{Scene, Who, channel},
};
use crate::{auth::forge::now, harness::refusal::Refused};

/// No protocol buffer: what is refused with it was refused before it was decoded.
pub const GARBAGE: &[u8] = &[0xff; 16];

/// A kind of caller, and what becomes of its call.
struct Row {
    name: &'static str,
    /// Who calls an RPC; nobody has a token.
    who: fn(&Rpc, &Ids) -> Option<Who>,
    body: Body,
    judge: fn(&Rpc, &Answer, &[Ids]) -> Result<(), String>,
}

/// What it sends.
#[derive(Clone, Copy)]
enum Body {
    /// About its own portal.
    Own,
    /// About another's.
    Foreign,
    Garbage,
}

pub type Answer = Result<bytes::Bytes, Status>;

fn granted(own: &Ids) -> Who {
    Who::of(&[own.portal_id])
}

const ROWS: &[Row] = &[
    Row { name: "no token", who: |_, _| None, body: Body::Garbage, judge: unauthenticated },
    Row {
        name: "wrong audience",
        who: |_, own| Some(granted(own).claiming("aud", "somebody else")),
        body: Body::Garbage,
        judge: unauthenticated,
    },
    Row {
        name: "wrong issuer",
        who: |_, own| Some(granted(own).claiming("iss", "https://elsewhere.example")),
        body: Body::Garbage,
        judge: unauthenticated,
    },
    Row {
        name: "expired",
        who: |_, own| Some(granted(own).lasting(-1)),
        body: Body::Garbage,
        judge: unauthenticated,
    },
    Row {
        name: "not yet valid",
        who: |_, own| Some(granted(own).claiming("nbf", now() + 120)),
        body: Body::Garbage,
        judge: unauthenticated,
    },
    Row {
        name: "missing scope",
        who: |rpc, own| {
            let others = Scope::ALL.iter().copied().filter(|scope| !rpc.scopes.contains(scope));
            Some(granted(own).with(others))
        },
        body: Body::Garbage,
        judge: denied,
    },
    Row {
        name: "no scope at all",
        who: |_, _| Some(Who::anybody().with([])),
        body: Body::Own,
        judge: denied,
    },
    Row {
        name: "other portal",
        who: |_, own| Some(granted(own)),
        body: Body::Foreign,
        judge: nothing_foreign,
    },
    Row { name: "no portal at all", who: |_, _| Some(Who::of(&[])), body: Body::Own, judge: nothing_foreign },
    Row {
        name: "all fine",
        who: |rpc, own| Some(granted(own).with(rpc.scopes.clone())),
        body: Body::Own,
        judge: fine,
    },
    Row {
        name: "all fine, by one scope",
        who: |rpc, own| Some(granted(own).with(rpc.scopes.first().copied())),
        body: Body::Own,
        judge: fine,
    },
    Row {
        name: "all fine, for all portals",
        who: |rpc, _| Some(Who::anybody().with(rpc.scopes.clone())),
        body: Body::Own,
        judge: fine,
    },
];

fn refused_as(answer: &Answer, code: Code, reason: &str) -> Result<(), String> {
    match answer {
        Ok(_) => Err("answered".to_owned()),
        Err(status) => {
            let refused = Refused::read(status);
            let as_expected = refused.code == code && refused.reason == reason;
            if as_expected { Ok(()) } else { Err(format!("{refused:?}")) }
        }
    }
}

pub fn unauthenticated(_: &Rpc, answer: &Answer, _: &[Ids]) -> Result<(), String> {
    refused_as(answer, Code::Unauthenticated, "UNAUTHENTICATED")
}

pub fn denied(_: &Rpc, answer: &Answer, _: &[Ids]) -> Result<(), String> {
    refused_as(answer, Code::PermissionDenied, "PERMISSION_DENIED")
}

/// What is named is not found; what is not named does not appear.
pub fn nothing_foreign(rpc: &Rpc, answer: &Answer, hidden: &[Ids]) -> Result<(), String> {
    if rpc.field().is_some() {
        return refused_as(answer, Code::NotFound, rpc.not_found());
    }
    if rpc.is_change() {
        return refused_as(answer, Code::InvalidArgument, "INVALID_FIELD");
    }
    let answer = answer.as_ref().map_err(|status| format!("{:?}", Refused::read(status)))?;
    let json = rpc.json(answer).map_err(|error| error.to_string())?;
    match hidden.iter().flat_map(Ids::traces).find(|trace| json.contains(trace.as_str())) {
        Some(trace) => Err(format!("{trace} in {json}")),
        None => Ok(()),
    }
}

/// It comes through to the parser, which refuses the request id, or to an answer.
pub fn fine(rpc: &Rpc, answer: &Answer, _: &[Ids]) -> Result<(), String> {
    if rpc.is_change() {
        return refused_as(answer, Code::InvalidArgument, "INVALID_FIELD");
    }
    match answer {
        Ok(_) => Ok(()),
        Err(status) if status.code() == Code::FailedPrecondition => Ok(()),
        Err(status) => Err(format!("{:?}", Refused::read(status))),
    }
}

/// Every cell that is not as it should be.
async fn holes(scene: &Scene) -> Result<(usize, Vec<String>)> {
    let own = scene.ids(&scene.a).await?;
    let (b, c) = (scene.ids(&scene.b).await?, scene.ids(&scene.c).await?);
    let channel = channel(&scene.world).await?;
    let (mut cells, mut holes) = (0, Vec::new());
    for rpc in Rpc::all()? {
        for row in ROWS {
            let body = match row.body {
                Body::Own => rpc.request(&own)?,
                Body::Foreign => rpc.request(&c)?,
                Body::Garbage => GARBAGE.to_vec(),
            };
            let mut hidden = vec![c.clone()];
            match row.name {
                // Both orgs are hidden as well then.
                "no portal at all" => hidden.extend([own.clone(), b.clone()]),
                // B is at the same org.
                _ => hidden.push(Ids { org_id: c.org_id.clone(), ..b.clone() }),
            }
            let token = (row.who)(&rpc, &own).map(|who| scene.tokens.of(&who)).transpose()?;
            let caller = Caller::new(channel.clone(), token);
            let answer = caller.call(&rpc, &body).await;
            cells += 1;
            if let Err(cause) = (row.judge)(&rpc, &answer, &hidden) {
                holes.push(format!("{} × {}: {:?}: {cause}", rpc.name(), row.name, code(&answer)));
            }
        }
    }
    Ok((cells, holes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rpc_asks_for_scope_and_portal() -> Result<()> {
    let scene = Scene::start().await?;
    let (cells, holes) = holes(&scene).await?;
    ensure!(holes.is_empty(), "{} of {cells}:\n{}", holes.len(), holes.join("\n"));
    ensure!(cells >= 500);
    Ok(())
}

/// The matrix itself is tested: a hole is found where one is, and nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_hole_is_found() -> Result<()> {
    for (path, portal, scopes) in [
        // A rule that forgets the portal.
        ("/connector.v1.SetupService/GetSetup", PortalRule::None, BTreeSet::from([Scope::Setup])),
        ("/connector.v1.OrgService/GetOrg", PortalRule::Filtered, BTreeSet::from([Scope::StatusRead])),
        // A rule that lets everybody in.
        (
            "/connector.v1.SyncService/PauseSync",
            PortalRule::Portal,
            Scope::ALL.iter().copied().collect::<BTreeSet<_>>(),
        ),
    ] {
        let rules = Rules::of_the_api()?.with(path, Rule { scopes, portal, handoff: false });
        let scene = Scene::start_with(|settings| settings.rules = Arc::new(rules)).await?;
        let (_, holes) = holes(&scene).await?;
        let name = path.rsplit('/').next().unwrap_or_default();
        ensure!(!holes.is_empty(), "{path} was not found");
        ensure!(holes.iter().all(|hole| hole.starts_with(name)), "{holes:#?}");
    }
    Ok(())
}
