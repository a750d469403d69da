//! The targets for a moment, as tests: seeds, then inputs made from them by chance. What is led by coverage finds more
//! (docs/fuzzing.md); this finds what a change broke.

#![expect(clippy::panic, reason = "test")]

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{TARGETS, Target};

/// How long each target runs, in milliseconds; `FUZZ_MILLISECONDS` says otherwise.
const SHORT: u64 = 500;
/// An input that takes longer is a finding.
const SLOW: Duration = Duration::from_secs(2);
const MAX_LENGTH: usize = 8 * 1024;
const INTERESTING: &[u8] = b"\x00\x01\x7f\x80\xff\"\\{}[]<>&;:/.@%#\n ";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The seeds of the target, and every input that was once a finding.
fn beginnings(target: &Target) -> Vec<Vec<u8>> {
    let mut inputs = (target.seeds)();
    let found = fs::read_dir(folder().join("regressions").join(target.name));
    for entry in found.into_iter().flatten().flatten() {
        inputs.extend(fs::read(entry.path()).ok());
    }
    inputs
}

fn try_one(target: &Target, input: &[u8]) {
    let begun = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let is_slow = begun.elapsed() > SLOW;
    if outcome.is_ok() && !is_slow {
        return;
    }
    let path =
        env::temp_dir().join(format!("connector-fuzz-{}-{}", target.name, uuid::Uuid::now_v7().simple()));
    let _ = fs::write(&path, input);
    let what = if is_slow { "takes too long" } else { "panics" };
    panic!("{} {what}: {} ({:?})", target.name, path.display(), String::from_utf8_lossy(input));
}

/// Another input: a few changes to one that is there.
fn mutated(inputs: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let pick =
        |random: &mut StdRng| inputs.get(random.random_range(0..inputs.len())).cloned().unwrap_or_default();
    let mut input = pick(random);
    for _ in 0..random.random_range(1..=6) {
        let at = random.random_range(0..=input.len());
        let end = (at + random.random_range(0..=16)).min(input.len());
        match random.random_range(0..8) {
            0 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.random_range(0..8)),
            1 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.random()),
            2 => {
                let byte = INTERESTING.get(random.random_range(0..INTERESTING.len())).copied();
                input.insert(at, byte.unwrap_or(0));
            }
            3 => drop(input.drain(at..end)),
            4 => input.truncate(at),
            5 => {
                let chunk: Vec<u8> = input.iter().skip(at).take(end - at).copied().collect();
                let times = random.random_range(1..=8);
                input.splice(at..at, chunk.repeat(times));
            }
            6 => input
                .splice(at..end, (0..random.random_range(0..=8)).map(|_| random.random::<u8>()))
                .for_each(drop),
            _ => {
                let other = pick(random);
                let from = random.random_range(0..=other.len());
                input.truncate(at);
                input.extend(other.iter().skip(from));
            }
        }
        input.truncate(MAX_LENGTH);
    }
    input
}

/// A target whose beginning is missing would try nothing, and pass.
#[test]
fn every_target_has_what_it_needs() {
    assert!(super::salesforce::is_ready() && super::hubspot::is_ready() && super::stored::is_ready());
    assert!(crate::grpc::fuzzing::tokens_are_tried(super::tokens::JWT));
}

fn run(name: &str) {
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        unreachable!("{name} is no target")
    };
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let time = Duration::from_millis(number("FUZZ_MILLISECONDS").unwrap_or(SHORT));
    let seed = number("FUZZ_SEED").unwrap_or_else(rand::random);
    let mut random = StdRng::seed_from_u64(seed);
    let inputs = beginnings(target);
    assert!(!inputs.is_empty(), "{name} has no seeds");
    inputs.iter().for_each(|input| try_one(target, input));
    let begun = Instant::now();
    let mut executions = inputs.len();
    while begun.elapsed() < time {
        try_one(target, &mutated(&inputs, &mut random));
        executions += 1;
    }
    println!("{name}: {executions} executions, FUZZ_SEED={seed}");
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                run(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_run_here_and_has_a_program() {
            let run_here = [$(stringify!($name)),*];
            for target in TARGETS {
                assert!(run_here.contains(&target.name), "{} is not run here", target.name);
                let program = folder().join("fuzz_targets").join(format!("{}.rs", target.name));
                let source = fs::read_to_string(&program).unwrap_or_default();
                let calls = format!("connector::fuzzing::{}(data)", target.name);
                assert!(source.contains(&calls), "{} does not call {calls}", program.display());
            }
        }
    };
}

targets! { request salesforce hubspot hosts tokens configuration stored }

/// For runs that are led by coverage: `fuzz/run.sh` calls it.
#[test]
#[ignore = "writes files"]
fn seeds_are_written() {
    for target in TARGETS {
        let corpus = folder().join("corpus").join(target.name);
        assert!(fs::create_dir_all(&corpus).is_ok(), "{}", corpus.display());
        for (number, input) in beginnings(target).iter().enumerate() {
            assert!(fs::write(corpus.join(format!("seed-{number:04}")), input).is_ok());
        }
    }
}
