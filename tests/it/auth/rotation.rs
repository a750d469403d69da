//! Keys come and go while callers call.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, sync_service_client::SyncServiceClient},
    config::Config,
    dev::Bearer,
};
use tokio_util::sync::CancellationToken;
use tonic::{
    Status, Streaming,
    transport::{Channel, Endpoint},
};

use super::{
    call,
    forge::{AUDIENCE, ForgedKey, ISSUER, jwks, now},
    is_the_one_refusal,
    jwks_server::{Answer, JwksServer},
};
use crate::harness::{PATIENCE, World, eventually};

const QUICK: Duration = Duration::from_millis(30);

fn from_issuer(config: &mut Config) {
    config.auth.jwks = None;
    config.auth.issuer = ISSUER.to_owned();
    config.auth.audience = AUDIENCE.to_owned();
    config.auth.jwks_refresh = QUICK;
}

async fn channel(world: &World) -> Result<Channel> {
    Ok(Endpoint::from_shared(world.url(0).to_owned())?.connect().await?)
}

/// Callers that call as fast as they can, with the token of the hour.
struct Load {
    token: Arc<Mutex<String>>,
    calls: Arc<AtomicUsize>,
    failures: Arc<Mutex<Vec<String>>>,
    stop: CancellationToken,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn begin(channel: &Channel, token: String) -> Self {
        let load = Self {
            token: Arc::new(Mutex::new(token)),
            calls: Arc::default(),
            failures: Arc::default(),
            stop: CancellationToken::new(),
            tasks: Vec::new(),
        };
        let task = || {
            let (channel, token, calls) = (channel.clone(), Arc::clone(&load.token), Arc::clone(&load.calls));
            let (failures, stop) = (Arc::clone(&load.failures), load.stop.clone());
            tokio::spawn(async move {
                while !stop.is_cancelled() {
                    let token = token.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    if let Err(status) = call(&channel, &token).await {
                        failures.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{status:?}"));
                    }
                    calls.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        let tasks = (0..4).map(|_| task()).collect();
        Self { tasks, ..load }
    }

    fn use_token(&self, token: String) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Waits until every caller has made some more calls: the ones before are answered then.
    async fn goes_on(&self) -> Result<()> {
        let before = self.calls.load(Ordering::SeqCst);
        eventually("the callers go on", async || {
            Ok((self.calls.load(Ordering::SeqCst) > before + 20).then_some(()))
        })
        .await
    }

    async fn end(self) -> Result<usize> {
        self.stop.cancel();
        for task in self.tasks {
            task.await?;
        }
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ensure!(failures.is_empty(), "{} calls failed: {:?}", failures.len(), failures.first());
        Ok(self.calls.load(Ordering::SeqCst))
    }
}

fn jwks_file() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("connector-jwks-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir(&folder)?;
    Ok(folder.join("jwks.json"))
}

/// As deployments replace files: whole.
fn write(path: &Path, set: &str) -> Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, set)?;
    Ok(std::fs::rename(beside, path)?)
}

/// Waits until a token is refused.
async fn refused(channel: &Channel, token: &str) -> Result<()> {
    let status = eventually("the token is refused", async || Ok(call(channel, token).await.err())).await?;
    is_the_one_refusal(&status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_in_a_file_rotate_under_load_without_one_failed_call() -> Result<()> {
    let path = jwks_file()?;
    let mut current = ForgedKey::ed25519("0")?;
    write(&path, &jwks(&[&current])?)?;
    let world = World::start_with(|config| {
        from_issuer(config);
        config.auth.jwks_file = Some(path.clone());
    })
    .await?;
    let channel = channel(&world).await?;
    let load = Load::begin(&channel, current.good()?);
    for id in ["1", "2", "3", "4", "5"] {
        let next = ForgedKey::p256(id)?;
        write(&path, &jwks(&[&current, &next])?)?;
        let token = next.good()?;
        eventually("the new key is known", async || Ok(call(&channel, &token).await.ok())).await?;
        load.use_token(token);
        load.goes_on().await?;
        // What is being written, or is gone for a moment, changes nothing.
        write(&path, "{\"keys\": [")?;
        std::fs::remove_file(&path)?;
        load.goes_on().await?;
        write(&path, &jwks(&[&next])?)?;
        refused(&channel, &current.good()?).await?;
        current = next;
    }
    load.goes_on().await?;
    let calls = load.end().await?;
    ensure!(calls > 200, "only {calls} calls");
    // Every key revoked at once.
    write(&path, "{\"keys\": []}")?;
    refused(&channel, &current.good()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_at_an_address_rotate_under_load_without_one_failed_call() -> Result<()> {
    let mut current = ForgedKey::p256("0")?;
    let issuer = JwksServer::start(jwks(&[&current])?).await?;
    let world = World::start_with(|config| {
        from_issuer(config);
        config.auth.jwks_url = Some(issuer.url.clone());
    })
    .await?;
    let channel = channel(&world).await?;
    let load = Load::begin(&channel, current.good()?);
    load.goes_on().await?;
    for (id, broken) in [
        ("1", Answer::Status(500)),
        ("2", Answer::Garbage(b"<html>".to_vec())),
        ("3", Answer::Garbage(vec![b' '; 300 * 1024])),
        ("4", Answer::Redirect("http://127.0.0.1:1/".to_owned())),
    ] {
        let next = ForgedKey::ed25519(id)?;
        issuer.answers(Answer::Set(jwks(&[&current, &next])?));
        let token = next.good()?;
        eventually("the new key is known", async || Ok(call(&channel, &token).await.ok())).await?;
        load.use_token(token);
        load.goes_on().await?;
        // The issuer fails for a while.
        issuer.answers(broken);
        let asked = issuer.asked();
        eventually("it was asked again", async || Ok((issuer.asked() > asked + 1).then_some(()))).await?;
        load.goes_on().await?;
        issuer.answers(Answer::Set(jwks(&[&next])?));
        refused(&channel, &current.good()?).await?;
        current = next;
    }
    load.end().await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_used_as_soon_as_it_is_published_is_found() -> Result<()> {
    let (first, second) = (ForgedKey::ed25519("first")?, ForgedKey::ed25519("second")?);
    let issuer = JwksServer::start(jwks(&[&first])?).await?;
    let world = World::start_with(|config| {
        from_issuer(config);
        config.auth.jwks_url = Some(issuer.url.clone());
        config.auth.jwks_refresh = Duration::from_secs(45);
    })
    .await?;
    let channel = channel(&world).await?;
    call(&channel, &first.good()?).await?;
    issuer.answers(Answer::Set(jwks(&[&first, &second])?));
    let token = second.good()?;
    // All at once: they wait for one and the same look.
    let calls = (0..20).map(|_| call(&channel, &token));
    for outcome in futures::future::join_all(calls).await {
        outcome?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_unknown_key_ids_asks_the_issuer_once_and_harms_nobody() -> Result<()> {
    let key = ForgedKey::ed25519("known")?;
    let issuer = JwksServer::start(jwks(&[&key])?).await?;
    let world = World::start_with(|config| {
        from_issuer(config);
        config.auth.jwks_url = Some(issuer.url.clone());
        config.auth.jwks_refresh = Duration::from_secs(45);
    })
    .await?;
    let channel = channel(&world).await?;
    let good = key.good()?;
    call(&channel, &good).await?;
    let before = issuer.asked();
    let load = Load::begin(&channel, good);
    let begun = std::time::Instant::now();
    let storm = (0..2_000).map(|number| {
        let unknown =
            key.with_header(|header| drop(header.insert("kid".to_owned(), format!("k{number}").into())));
        let channel = channel.clone();
        async move { anyhow::Ok(call(&channel, &unknown?).await) }
    });
    let outcomes: Vec<_> =
        futures::StreamExt::collect(futures::StreamExt::buffered(futures::stream::iter(storm), 32)).await;
    for outcome in outcomes {
        let Err(status) = outcome? else { anyhow::bail!("an unknown key was taken") };
        is_the_one_refusal(&status)?;
    }
    load.goes_on().await?;
    load.end().await?;
    // One look in each half minute that has begun, and the regular one each 45 s.
    let seconds = usize::try_from(begun.elapsed().as_secs())?;
    let allowed = 1 + seconds / 30 + seconds / 45 + usize::from(seconds >= 30);
    let asked = issuer.asked() - before;
    ensure!((1..=allowed).contains(&asked), "asked {asked} times within {seconds} s");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_cannot_be_read_for_too_long_are_no_longer_trusted() -> Result<()> {
    let key = ForgedKey::ed25519("key")?;
    let set = jwks(&[&key])?;
    let issuer = JwksServer::start(set.clone()).await?;
    let world = World::start_with(|config| {
        from_issuer(config);
        config.auth.jwks_url = Some(issuer.url.clone());
        config.auth.jwks_max_age = Duration::from_millis(500);
    })
    .await?;
    let channel = channel(&world).await?;
    let token = key.good()?;
    eventually("the keys were read", async || Ok(call(&channel, &token).await.ok())).await?;
    issuer.answers(Answer::Status(503));
    refused(&channel, &token).await?;
    issuer.answers(Answer::Set(set));
    eventually("the issuer is back", async || Ok(call(&channel, &token).await.ok())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_the_key_of_its_caller_is_revoked() -> Result<()> {
    let (stays, goes) = (ForgedKey::ed25519("stays")?, ForgedKey::ed25519("goes")?);
    let issuer = JwksServer::start(jwks(&[&stays, &goes])?).await?;
    let world = World::start_with(|config| {
        from_issuer(config);
        config.auth.jwks_url = Some(issuer.url.clone());
        config.grpc.heartbeat = QUICK;
        config.grpc.stream_recheck = QUICK;
    })
    .await?;
    let channel = channel(&world).await?;
    let watch = async |token: String| {
        let line = Bearer::new(&token.into())?.over(channel.clone());
        let request = v1::WatchSyncStatusRequest::default();
        anyhow::Ok(SyncServiceClient::new(line).watch_sync_status(request).await?.into_inner())
    };
    let (mut lives, mut ends) = (watch(stays.good()?).await?, watch(goes.good()?).await?);
    ensure!(lives.message().await?.is_some() && ends.message().await?.is_some());
    issuer.answers(Answer::Set(jwks(&[&stays])?));
    is_the_one_refusal(&end_of(ends).await?)?;
    for _ in 0..5 {
        ensure!(lives.message().await?.is_some(), "the other stream lives");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_does_not_outlive_its_token() -> Result<()> {
    let key = ForgedKey::ed25519("key")?;
    let set = jwks(&[&key])?;
    let world = World::start_with(|config| {
        from_issuer(config);
        config.auth.jwks = Some(set);
        config.auth.clock_leeway = Duration::ZERO;
        config.grpc.heartbeat = QUICK;
    })
    .await?;
    let token = key.with_claims(|claims| drop(claims.insert("exp".to_owned(), (now() + 2).into())))?;
    let line = Bearer::new(&token.into())?.over(channel(&world).await?);
    let request = v1::WatchSyncStatusRequest::default();
    let stream = SyncServiceClient::new(line).watch_sync_status(request).await?.into_inner();
    is_the_one_refusal(&end_of(stream).await?)
}

/// How a stream ends. It has something to say until then, so that waiting for each message would never be over.
async fn end_of(mut stream: Streaming<v1::WatchSyncStatusResponse>) -> Result<Status> {
    let end = async {
        while let Some(_message) = stream.message().await? {}
        anyhow::Ok(())
    };
    let ended = tokio::time::timeout(PATIENCE, end).await.context("it goes on")?;
    let error = ended.err().context("it ended as if nothing were wrong")?;
    error.downcast::<Status>()
}
