//! Any bytes to every RPC of a real server: each is answered, and never with `INTERNAL`.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use connector::api::v1;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use tonic::Code;

use crate::harness::{World, raw, walk::Walk};

/// How long, in milliseconds; `FUZZ_MILLISECONDS` says otherwise.
const SHORT: u64 = 4_000;
/// What a server answers that has a defect.
const DEFECTS: [Code; 3] = [Code::Internal, Code::Unknown, Code::DataLoss];

/// A message of a method that is mostly right, taken apart and put together by chance.
fn bytes(method: &MethodDescriptor, walk: &Walk, random: &mut StdRng) -> Vec<u8> {
    let mut message = DynamicMessage::new(method.input());
    for field in method.input().fields() {
        let value = match field.name() {
            "portal_id" => Value::I64(if random.random() { walk.portal_id } else { random.random() }),
            "setup_id" => Value::String(walk.setup_id.clone()),
            "request_id" => Value::String(uuid::Uuid::from_u128(random.random()).to_string()),
            _ => field.default_value(),
        };
        // A kind that does not fit is left out.
        let _ = message.try_set_field(&field, value);
    }
    let mut bytes = prost::Message::encode_to_vec(&message);
    for _ in 0..random.random_range(0..=6) {
        let at = random.random_range(0..=bytes.len());
        match random.random_range(0..4) {
            0 => bytes.insert(at, random.random()),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.random_range(0..8)),
            2 => bytes.truncate(at),
            _ => {
                let mut more = vec![0; random.random_range(1..40)];
                random.fill_bytes(&mut more);
                bytes.splice(at..at, more);
            }
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_bytes_to_every_rpc_are_answered_and_never_with_internal() -> Result<()> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let time = Duration::from_millis(number("FUZZ_MILLISECONDS").unwrap_or(SHORT));
    let seed = number("FUZZ_SEED").unwrap_or_else(rand::random);
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::start().await?;
    let walk = Walk::before(&world, v1::Step::Edition).await?;
    let (line, methods) = (world.line().await?, raw::methods()?);
    ensure!(methods.len() > 50, "the descriptor is read");
    let (begun, mut calls, mut accepted) = (Instant::now(), 0_usize, 0_usize);
    while begun.elapsed() < time {
        for method in &methods {
            let body = Bytes::from(bytes(method, &walk, &mut random));
            let answer = tokio::time::timeout(raw::PATIENCE, raw::send(&line, method, body.clone())).await;
            let told = || format!("{} FUZZ_SEED={seed} {}", method.full_name(), hex::encode(&body));
            let answer = answer.with_context(|| format!("it hangs: {}", told()))?;
            calls += 1;
            accepted += usize::from(answer.is_ok());
            if let Err(status) = answer {
                ensure!(!DEFECTS.contains(&status.code()), "{status:?}: {}", told());
            }
        }
    }
    println!("{calls} calls, {accepted} accepted, FUZZ_SEED={seed}");
    Ok(())
}
