//! Of the tokens that were made to get in, none may; good ones may, however they are written.

use anyhow::{Result, ensure};
use connector::config::Algorithm as Taken;
use serde_json::json;
use tonic::transport::Endpoint;

use super::{
    call, call_with,
    corpus::{Keys, cases},
    forge::{AUDIENCE, ISSUER, now},
    is_the_one_refusal,
};
use crate::harness::World;

async fn world(keys: &Keys) -> Result<World> {
    let set = keys.set()?;
    World::start_with(|config| {
        config.auth.jwks = Some(set);
        config.auth.issuer = ISSUER.to_owned();
        config.auth.audience = AUDIENCE.to_owned();
        config.auth.algorithms = vec![Taken::EdDsa, Taken::Es256, Taken::Rs256];
    })
    .await
}

#[tokio::test]
async fn no_forged_token_gets_in_and_none_learns_why() -> Result<()> {
    let keys = Keys::new()?;
    let world = world(&keys).await?;
    let channel = Endpoint::from_shared(world.url(0).to_owned())?.connect().await?;
    let cases = cases(&keys)?;
    ensure!(cases.len() > 250, "only {} cases", cases.len());
    for (what, values) in &cases {
        match call_with(&channel, values).await {
            Ok(()) => anyhow::bail!("{what}: let in with {values:?}"),
            // What no header can carry never leaves the client.
            Err(status) if status.message() == "no header can carry this" => {}
            Err(status) => is_the_one_refusal(&status).map_err(|error| error.context(what.clone()))?,
        }
    }
    // A megabyte does not even fit into the header list.
    ensure!(call(&channel, &"x".repeat(1 << 20)).await.is_err());
    let again = Endpoint::from_shared(world.url(0).to_owned())?.connect().await?;
    call(&again, &keys.ed.good()?).await?;
    Ok(())
}

#[tokio::test]
async fn good_tokens_get_in_however_they_are_written() -> Result<()> {
    let keys = Keys::new()?;
    let world = world(&keys).await?;
    let channel = Endpoint::from_shared(world.url(0).to_owned())?.connect().await?;
    for key in [&keys.ed, &keys.ec, &keys.rsa] {
        call(&channel, &key.good()?).await.map_err(|status| anyhow::anyhow!("{}: {status:?}", key.id))?;
    }
    let good = keys.ed.good()?;
    for value in [format!("bearer {good}"), format!("BEARER {good}"), format!("Bearer   {good}")] {
        call_with(&channel, std::slice::from_ref(&value))
            .await
            .map_err(|status| anyhow::anyhow!("{value}: {status:?}"))?;
    }
    let now = now();
    let fine = [
        ("aud", json!([AUDIENCE, "another"])),
        ("exp", json!(now + 600)),
        ("exp", json!(600.5 + now as f64)),
        // Within the leeway for clocks.
        ("exp", json!(now - 5)),
        ("nbf", json!(now + 5)),
        ("iat", json!(now + 5)),
        ("portals", json!(["*"])),
        ("portals", json!([1, 2, 3])),
        ("email", json!("a claim of somebody else")),
    ];
    for (name, value) in fine {
        let token = keys.ed.with_claims(|claims| drop(claims.insert(name.to_owned(), value.clone())))?;
        call(&channel, &token).await.map_err(|status| anyhow::anyhow!("{name} {value}: {status:?}"))?;
    }
    for typ in ["jwt", "at+JWT"] {
        let token = keys.ed.with_header(|header| drop(header.insert("typ".to_owned(), typ.into())))?;
        call(&channel, &token).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_algorithm_that_is_not_configured_is_not_taken() -> Result<()> {
    let keys = Keys::new()?;
    let set = keys.set()?;
    let world = World::start_with(|config| {
        config.auth.jwks = Some(set);
        config.auth.issuer = ISSUER.to_owned();
        config.auth.audience = AUDIENCE.to_owned();
    })
    .await?;
    let channel = Endpoint::from_shared(world.url(0).to_owned())?.connect().await?;
    call(&channel, &keys.ec.good()?).await?;
    let refused = call(&channel, &keys.rsa.good()?).await;
    is_the_one_refusal(&refused.err().ok_or_else(|| anyhow::anyhow!("RS256 was taken"))?)
}
