//! Foreign tokens, wrong etags, and request ids that were used before.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, ErrorReason},
    simulator::hubspot::seed,
};
use prost_reflect::{Value, prost::Message as _};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{
    scene::{Scene, names},
    values::good,
    wire::{call, methods, path},
};
use crate::harness::walk::{refused_for, request_id};

/// Whoever has seen another version than the one in force changes nothing.
#[tokio::test]
async fn an_etag_of_another_version_aborts_every_change() -> Result<()> {
    let mut scene = Scene::set().await?;
    let before = scene.content().await?;
    let mut wrong = Vec::new();
    let mut tried = 0;
    for method in methods()? {
        let input = method.input();
        let Some(etag) = input.get_field_by_name("etag") else { continue };
        for text in ["W-99999999", "W-0", "not ours", "\"W-1\""] {
            let mut request = good(&input, &scene);
            request.set_field(&etag, Value::String(text.to_owned()));
            let outcome = call(&scene.channel, &path(&method), request.encode_to_vec(), false).await?;
            tried += 1;
            let is_mismatch = outcome.as_ref().is_err_and(|status| {
                let details = status.get_error_details();
                let reason = details.error_info().map(|info| info.reason.clone());
                status.code() == Code::Aborted && reason.as_deref() == Some("ETAG_MISMATCH")
            });
            if !is_mismatch {
                wrong.push(format!("{} with {text}: {outcome:?}", method.name()));
            }
            ensure!(scene.content().await? == before, "{} with {text} changed something", method.name());
        }
    }
    ensure!(tried > 60, "only {tried}");
    ensure!(wrong.is_empty(), "{wrong:#?}");
    scene.is_alive().await
}

/// A token of one list is none of another, nor of the same list with another filter.
#[tokio::test]
async fn page_tokens_of_other_lists_and_filters_are_refused() -> Result<()> {
    let mut scene = Scene::set().await?;
    scene.walk.test().await?;
    let second = scene.walk.clients.register(seed::TOKEN_B).await?;
    let before = scene.content().await?;
    let clients = scene.walk.clients.clone();
    let request = v1::ListPortalsRequest { page_size: 1, ..Default::default() };
    let of_portals = clients.portals.clone().list_portals(request).await?.into_inner().next_page_token;
    let request =
        v1::ListTestContactsRequest { portal_id: scene.walk.portal_id, page_size: 1, ..Default::default() };
    let of_contacts =
        clients.test_contacts.clone().list_test_contacts(request).await?.into_inner().next_page_token;
    ensure!(!of_portals.is_empty() && !of_contacts.is_empty());
    let mut lists = 0;
    for method in methods()? {
        let input = method.input();
        let Some(token) = input.get_field_by_name("page_token") else { continue };
        lists += 1;
        for (of, foreign) in [("ListPortals", &of_portals), ("ListTestContacts", &of_contacts)] {
            if method.name() == of {
                continue;
            }
            let mut request = good(&input, &scene);
            request.set_field(&token, Value::String(foreign.clone()));
            let outcome = call(&scene.channel, &path(&method), request.encode_to_vec(), false).await?;
            names(&outcome, "page_token").with_context(|| format!("{} with {of}'s", method.name()))?;
        }
    }
    let request = v1::ListTestContactsRequest { portal_id: second, page_token: of_contacts, page_size: 1 };
    let other_filter = clients.test_contacts.clone().list_test_contacts(request).await;
    refused_for(other_filter, Code::InvalidArgument, ErrorReason::PageTokenInvalid)?;
    ensure!(lists >= 6, "only {lists} lists");
    ensure!(scene.content().await? == before);
    Ok(())
}

/// The same id with another body is refused and changes nothing; with the same body it is answered as before.
#[tokio::test]
async fn a_request_id_stands_for_one_request() -> Result<()> {
    let mut scene = Scene::set().await?;
    let walk = scene.walk.clone();
    let id = request_id();
    let pause = |reason: &str, portal_id| v1::PauseSyncRequest {
        request_id: id.clone(),
        portal_id,
        reason: reason.to_owned(),
        ..Default::default()
    };
    let mut sync = walk.clients.sync.clone();
    let first = sync.pause_sync(pause("first", walk.portal_id)).await?.into_inner();
    let before = scene.content().await?;
    let again = sync.pause_sync(pause("first", walk.portal_id)).await?.into_inner();
    ensure!(first == again, "{first:?} {again:?}");
    for other in [pause("second", walk.portal_id), pause("", walk.portal_id)] {
        let refused =
            refused_for(sync.pause_sync(other).await, Code::InvalidArgument, ErrorReason::RequestIdReused)?;
        ensure!(refused.fields == ["request_id"], "{refused:?}");
    }
    ensure!(scene.content().await? == before);
    // Another method is another request.
    let resume = v1::ResumeSyncRequest { request_id: id, portal_id: walk.portal_id, ..Default::default() };
    sync.resume_sync(resume).await?;
    ensure!(scene.content().await? != before);
    Ok(())
}
