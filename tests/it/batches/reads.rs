//! Reads of single rows.

use anyhow::{Result, ensure};
use connector::api::v1::{self, ErrorReason, Step};
use futures::future::join_all;
use sqlx::{Connection as _, PgConnection};
use tonic::Code;
use uuid::Uuid;

use super::{COPIES, copies, end_sessions};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::Walk,
};

async fn setup(walk: &Walk, setup_id: &str) -> Result<v1::Setup, tonic::Status> {
    let request = v1::GetSetupRequest { setup_id: setup_id.to_owned() };
    let answer = walk.clients.setups.clone().get_setup(request).await?.into_inner();
    Ok(answer.setup.unwrap_or_default())
}

#[tokio::test]
async fn everybody_gets_the_row_that_was_asked_for() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let copies = copies(&world, &walk, 100).await?;
    let asked: Vec<(Option<i64>, String)> = (0..400)
        .map(|number| match copies.get(number % 120) {
            Some((portal_id, setup_id)) => (Some(*portal_id), setup_id.clone()),
            None => (None, Uuid::now_v7().to_string()),
        })
        .collect();
    let answers = join_all(asked.iter().map(|(_, setup_id)| setup(&walk, setup_id))).await;
    for ((portal_id, setup_id), answer) in asked.iter().zip(answers) {
        match portal_id {
            Some(portal_id) => {
                let answer = answer?;
                assert_eq!((answer.portal_id, &answer.setup_id), (*portal_id, setup_id));
                assert_eq!(answer.next_step(), Step::ApiCallLimit);
            }
            None => {
                refused_for(answer, Code::NotFound, ErrorReason::SetupNotFound)?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_document_that_cannot_be_read_fails_for_its_reader_alone() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let copies = copies(&world, &walk, 20).await?;
    let mut connection = PgConnection::connect(&world.database.url()).await?;
    let damaged = sqlx::query("update setups set state = '{}' where portal_id = $1")
        .bind(COPIES + 3)
        .execute(&mut connection)
        .await?;
    ensure!(damaged.rows_affected() == 1);
    let answers = join_all(copies.iter().map(|(_, setup_id)| setup(&walk, setup_id))).await;
    for ((portal_id, _), answer) in copies.iter().zip(answers) {
        if *portal_id == COPIES + 3 {
            assert_eq!(answer.err().map(|status| status.code()), Some(Code::Internal));
        } else {
            assert_eq!(answer?.portal_id, *portal_id);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_lost_connection_is_replaced_and_nobody_notices() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Edition).await?;
    for _ in 0..3 {
        inner(setup_response(&walk).await)?;
        ensure!((1..=2).contains(&end_sessions(&world, "/* lookups::").await?), "two sessions read");
        inner(setup_response(&walk).await)?;
    }
    Ok(())
}

async fn setup_response(walk: &Walk) -> Result<tonic::Response<v1::GetSetupResponse>, tonic::Status> {
    let request = v1::GetSetupRequest { setup_id: walk.setup_id.clone() };
    walk.clients.setups.clone().get_setup(request).await
}
