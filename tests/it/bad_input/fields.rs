//! Every field of every RPC with every kind of bad value.

use anyhow::{Context as _, Result, ensure};
use prost_reflect::prost::Message as _;

use super::{
    scene::{Scene, is_refusal, names, refused},
    values::{Expect, each_bad},
    wire::{Outcome, call, methods, path},
};

fn judge(outcome: &Outcome, field: &str, expect: Expect) -> Result<()> {
    match expect {
        Expect::Named => names(outcome, field),
        Expect::Refused => refused(outcome).map(|_| ()),
        Expect::Harmless => match outcome {
            Ok(()) => Ok(()),
            Err(status) => {
                ensure!(is_refusal(status), "{:?} {}", status.code(), status.message());
                Ok(())
            }
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_value_in_any_field_is_refused_by_name_and_changes_nothing() -> Result<()> {
    let mut scene = Scene::set().await?;
    let before = scene.content().await?;
    let mut wrong = Vec::new();
    let mut sent = 0;
    for method in methods()? {
        for bad in each_bad(&method.input(), &scene).with_context(|| method.full_name().to_owned())? {
            let message = bad.request.encode_to_vec();
            let outcome = call(&scene.channel, &path(&method), message, false).await?;
            sent += 1;
            let what = format!("{}: {} = {}", method.name(), bad.path, bad.shown);
            if let Err(error) = judge(&outcome, &bad.path, bad.expect) {
                wrong.push(format!("{what}: {error}"));
            }
            ensure!(scene.content().await? == before, "{what} changed something: {outcome:?}; {wrong:#?}");
        }
    }
    scene.is_alive().await?;
    println!("{sent} bad requests");
    ensure!(sent > 600, "only {sent} requests");
    ensure!(wrong.is_empty(), "{} of {sent}: {wrong:#?}", wrong.len());
    Ok(())
}

#[tokio::test]
async fn an_empty_request_changes_nothing() -> Result<()> {
    let mut scene = Scene::set().await?;
    let before = scene.content().await?;
    for method in methods()? {
        let outcome = call(&scene.channel, &path(&method), Vec::new(), false).await?;
        match &outcome {
            Ok(()) => {
                let reads =
                    ["Get", "List", "Describe", "Watch"].iter().any(|verb| method.name().starts_with(verb));
                ensure!(reads, "{} took an empty request", method.name());
            }
            Err(_) => {
                let status = refused(&outcome).with_context(|| method.name().to_owned())?;
                ensure!(status.code() == tonic::Code::InvalidArgument, "{}: {status:?}", method.name());
            }
        }
        ensure!(scene.content().await? == before, "{}", method.name());
    }
    scene.is_alive().await
}
