//! Bytes that are no message, too many of them, and messages of another time.

use anyhow::{Context as _, Result, ensure};
use prost_reflect::{Kind, MessageDescriptor, prost::encoding};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{
    scene::{Scene, names, refused},
    wire::{call, methods, path},
};

const SEED: u64 = 0x5eed;
const NOT_UTF8: &[u8] = &[b'a', 0xff, 0xfe, b'b'];

/// A field with bytes in it.
fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    encoding::encode_key(number, encoding::WireType::LengthDelimited, &mut message);
    encoding::encode_varint(bytes.len() as u64, &mut message);
    message.extend_from_slice(bytes);
    message
}

/// For every text at every depth: its path, and a message that has bytes there which are no text.
fn not_utf8(message: &MessageDescriptor) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for one in message.fields() {
        match one.kind() {
            Kind::String => all.push((one.name().to_owned(), field(one.number(), NOT_UTF8))),
            Kind::Message(inner) => {
                let inside = not_utf8(&inner).into_iter();
                all.extend(
                    inside
                        .map(|(path, bytes)| (format!("{}.{path}", one.name()), field(one.number(), &bytes))),
                );
            }
            _ => {}
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_utf8_is_told_by_its_field() -> Result<()> {
    let mut scene = Scene::set().await?;
    let before = scene.content().await?;
    let mut wrong = Vec::new();
    for method in methods()? {
        for (at, bytes) in not_utf8(&method.input()) {
            let outcome = call(&scene.channel, &path(&method), bytes, false).await?;
            if let Err(error) = names(&outcome, &at) {
                wrong.push(format!("{}: {at}: {error}", method.name()));
            }
        }
        ensure!(scene.content().await? == before, "{}", method.name());
    }
    scene.is_alive().await?;
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_bytes_never_fail_the_server() -> Result<()> {
    let mut scene = Scene::set().await?;
    let before = scene.content().await?;
    let mut random = StdRng::seed_from_u64(SEED);
    for method in methods()? {
        for round in 0..60 {
            let length = random.random_range(0..200);
            let mut bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
            if round % 2 == 0 {
                // Half of them begin like a message.
                let number = random.random_range(1..6);
                bytes = [field(number, &bytes), bytes].concat();
            }
            let outcome = call(&scene.channel, &path(&method), bytes.clone(), false).await?;
            if outcome.is_err() {
                refused(&outcome).with_context(|| format!("{} {bytes:?}", method.name()))?;
            }
        }
        ensure!(scene.content().await? == before, "{}", method.name());
    }
    scene.is_alive().await
}

/// Groups within groups, which only a parser that recurses has to fear.
fn nested(depth: usize) -> Vec<u8> {
    let mut message = Vec::new();
    for wire_type in [encoding::WireType::StartGroup, encoding::WireType::EndGroup] {
        for _ in 0..depth {
            encoding::encode_key(1_000, wire_type, &mut message);
        }
    }
    message
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_large_too_deep_or_too_well_packed_is_refused() -> Result<()> {
    let mut scene = Scene::set().await?;
    let before = scene.content().await?;
    let large = field(1_000, &vec![b'a'; 1_100_000]);
    let packed = field(1_000, &vec![0; 2_000_000]);
    for method in methods()? {
        for (what, bytes, gzip) in [("large", &large, false), ("packed", &packed, true)] {
            let outcome = call(&scene.channel, &path(&method), bytes.clone(), gzip).await?;
            let status = refused(&outcome).with_context(|| format!("{} {what}", method.name()))?;
            let details = status.get_error_details();
            let reason = details.error_info().map(|info| info.reason.as_str());
            ensure!(reason == Some("MESSAGE_TOO_LARGE"), "{} {what}: {status:?}", method.name());
        }
        let outcome = call(&scene.channel, &path(&method), nested(5_000), false).await?;
        let status = refused(&outcome).with_context(|| format!("{} nested", method.name()))?;
        ensure!(status.code() == Code::InvalidArgument, "{}: {status:?}", method.name());
    }
    let bomb = field(1_000, &vec![0; 64 << 20]);
    let method = methods()?.into_iter().next().context("no method")?;
    let outcome = call(&scene.channel, &path(&method), bomb, true).await?;
    refused(&outcome)?;
    ensure!(scene.content().await? == before);
    scene.is_alive().await
}

/// A client of a later version may send what we don't know: it is passed over.
#[tokio::test]
async fn unknown_fields_are_passed_over() -> Result<()> {
    let mut scene = Scene::set().await?;
    let before = scene.content().await?;
    let unknown = [field(4_000, b"later"), field(4_001, NOT_UTF8), nested(3)].concat();
    for method in methods()? {
        let empty = call(&scene.channel, &path(&method), Vec::new(), false).await?;
        let later = call(&scene.channel, &path(&method), unknown.clone(), false).await?;
        let codes = [&empty, &later].map(|outcome| outcome.as_ref().map_err(|status| status.code()).err());
        ensure!(codes[0] == codes[1], "{}: {codes:?}", method.name());
    }
    ensure!(scene.content().await? == before);
    scene.is_alive().await
}
