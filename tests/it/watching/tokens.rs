//! Tokens that are not this stream's.

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use connector::{api::v1::ErrorReason, simulator::hubspot::seed};
use futures::StreamExt as _;
use sqlx::{Connection as _, PgConnection};
use tonic::Code;

use super::record::Watch;
use crate::harness::{World, refusal::refused_for, walk::Walk};

/// Every stream over the portal, and its token.
async fn tokens(walk: &Walk) -> Result<Vec<(Watch, String)>> {
    let contact = walk.test().await?;
    let (setup_id, portal_id) = (walk.setup_id.clone(), walk.portal_id);
    let watches = [
        Watch::Setup { setup_id, portal_id },
        Watch::TestContact { id: contact.test_contact_id, portal_id },
        Watch::Connections(portal_id),
        Watch::Connections(0),
        Watch::SyncStatus(portal_id),
        Watch::SyncStatus(0),
    ];
    let mut tokens = Vec::new();
    for watch in watches {
        let mut stream = watch.open(&walk.clients, "").await?;
        let first = stream.next().await.context("no message")??;
        tokens.push((watch, first.token));
    }
    Ok(tokens)
}

async fn refuse(walk: &Walk, watch: &Watch, token: &str) -> Result<()> {
    let opened = watch.open(&walk.clients, token).await.map(|_| "a stream");
    refused_for(opened, Code::InvalidArgument, ErrorReason::ResumeTokenInvalid)
        .with_context(|| format!("{watch:?} with {token:?}"))
        .map(|_| ())
}

/// The token with its last three numbers changed.
fn forged(token: &str, change: impl Fn(&mut [u8])) -> Result<String> {
    let mut bytes = URL_SAFE_NO_PAD.decode(token)?;
    change(&mut bytes);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[tokio::test]
async fn tokens_of_another_stream_database_or_time_are_refused() -> Result<()> {
    let world = World::start().await?;
    let mut other = World::without_server(|_| ()).await?;
    // The databases of tests are copies of one.
    let mut database = PgConnection::connect(&other.database.url()).await?;
    sqlx::raw_sql("update installation set incarnation = gen_random_uuid()").execute(&mut database).await?;
    other.add_server().await?;
    let walk = Walk::enabled(&world).await?;
    let (ours, theirs) = (tokens(&walk).await?, tokens(&Walk::enabled(&other).await?).await?);
    for (watch, own) in &ours {
        // Another stream's, and the same stream's of another database.
        for (_, token) in ours.iter().filter(|(of, _)| of != watch).chain(&theirs) {
            refuse(&walk, watch, token).await?;
        }
        // The future, numbers below zero, and not quite a token.
        for at in [34, 50] {
            let future = forged(own, |bytes| {
                if let Some(number) = bytes.get_mut(at..at + 8) {
                    number.copy_from_slice(&(i64::MAX / 2).to_be_bytes());
                }
            })?;
            // A stream over one portal looks at the revision alone, one over all at the transaction.
            let of_all = matches!(watch, Watch::Connections(0) | Watch::SyncStatus(0));
            if of_all == (at == 34) {
                refuse(&walk, watch, &future).await?;
            }
        }
        refuse(&walk, watch, &forged(own, |bytes| bytes.iter_mut().skip(34).for_each(|b| *b = 0xff))?)
            .await?;
        let cut = own.get(..own.len() - 3).context("a short token")?;
        for garbage in [cut, &format!("{own}AAAA"), "x", "!", "ありがとう", "AAAA", &"A".repeat(4_000)] {
            refuse(&walk, watch, garbage).await?;
        }
        // And the right one is taken.
        drop(watch.open(&walk.clients, own).await.with_context(|| format!("{watch:?}"))?);
    }
    Ok(())
}

/// Every bit of a token counts, or changes the place and nothing else.
#[tokio::test]
async fn a_token_with_a_flipped_bit_never_breaks_a_stream() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, connector::api::v1::Step::SeatCount).await?;
    let watch = Watch::Setup { setup_id: walk.setup_id.clone(), portal_id: walk.portal_id };
    let mut stream = watch.open(&walk.clients, "").await?;
    let token = stream.next().await.context("no message")??.token;
    let bits = URL_SAFE_NO_PAD.decode(&token)?.len() * 8;
    for bit in 0..bits {
        let flipped = forged(&token, |bytes| {
            if let Some(byte) = bytes.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        })?;
        if let Err(status) = watch.open(&walk.clients, &flipped).await {
            ensure!(status.code() == Code::InvalidArgument, "bit {bit}: {status:?}");
        }
    }
    Ok(())
}

/// A token says nothing about portals beyond the one it was given for.
#[tokio::test]
async fn a_token_of_one_portal_opens_no_other() -> Result<()> {
    let world = World::start().await?;
    let (a, b) = (Walk::start(&world).await?, Walk::start_with(&world, seed::TOKEN_B).await?);
    for (of_a, of_b) in [
        (Watch::Connections(a.portal_id), Watch::Connections(b.portal_id)),
        (Watch::SyncStatus(a.portal_id), Watch::SyncStatus(b.portal_id)),
    ] {
        let token = of_a.open(&a.clients, "").await?.next().await.context("no message")??.token;
        refuse(&b, &of_b, &token).await?;
    }
    Ok(())
}
