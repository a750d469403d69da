//! The server is killed after every step of the wizard; the next one goes on where it was (R09).

use anyhow::{Context as _, Result};
use connector::api::v1::Step;

use super::process::Process;
use crate::harness::{
    World,
    walk::{STEPS, Walk},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r09_answers_survive_a_kill_between_any_two_steps() -> Result<()> {
    let mut world = World::start().await?;
    let mut walk = Walk::start(&world).await?;
    world.stop_servers().await;
    let mut process = Process::start(&world, "").await?;
    walk.clients = process.clients().await?;
    for step in STEPS {
        let answered = walk.answer_and_wait(step).await.with_context(|| step.as_str_name())?;
        process.kill().await?;
        process = Process::start(&world, "").await?;
        walk.clients = process.clients().await?;
        let survived = walk.setup().await?;
        assert_eq!(survived.answers, answered.answers, "{}", step.as_str_name());
        assert_eq!(survived.steps, answered.steps, "{}", step.as_str_name());
        assert_eq!((survived.etag, survived.next_step), (answered.etag, answered.next_step));
    }
    assert_eq!(walk.setup().await?.next_step(), Step::Unspecified);
    process.kill().await
}
