//! How far the control plane is from what its parts can do: the database below it, the framework around it, and a
//! system that users know. Prints ratios; see `docs/performance.md`.
//!
//! ```text
//! cargo bench                                   everything, about half an hour
//! cargo bench -- reads writes                   benchmarks whose names contain one of these
//! cargo bench -- --quick                        everything once, with tiny sizes: says nothing about speed
//! cargo bench -- --output json|markdown         for machines; for docs/performance.md
//! cargo bench -- --data-dir DIR                 keep the filled databases and take them again
//! cargo bench -- --server PATH                  measure another build of connectord
//! ```
//!
//! `cargo test` runs it as `--quick` does, so that no benchmark rots; it takes the test filter for names.
//!
//! Every benchmark measures its subject and its yardstick in turns (A B A B …), because the speed of a machine
//! drifts, and divides within the pair. Server, database, load generator and yardsticks are processes of their own.

mod auth;
mod bare;
mod bed;
mod etcd;
mod figure;
mod figures;
mod fill;
mod latency;
mod load;
mod pgbench;
#[path = "../../tests/it/harness/proxy.rs"]
mod proxy;
mod server;
mod settings;
mod walk;
mod watchers;

use std::{env, process::ExitCode};

use anyhow::Result;

use bed::Bed;
use settings::{Output, Settings};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        Some(load::COMMAND) => load::main(),
        Some(latency::COMMAND) => latency::main(),
        Some(watchers::COMMAND) => watchers::main(),
        Some(bare::COMMAND) => bare::main(),
        _ => measure(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("control_plane: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: Vec<String>) -> Result<()> {
    let settings = Settings::parse(arguments)?;
    let chosen = figures::chosen(&settings.names);
    if settings.list {
        for benchmark in &chosen {
            println!("{}: benchmark", benchmark.name);
        }
        return Ok(());
    }
    if chosen.is_empty() {
        eprintln!("no benchmark is called {:?}", settings.names);
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let output = settings.output;
    let figures = runtime.block_on(async {
        let mut bed = Bed::prepare(settings).await?;
        let outcome = figures::run(&mut bed, &chosen).await;
        bed.stop().await?;
        outcome
    })?;
    match output {
        Output::Text => {}
        Output::Json => println!("{}", serde_json::to_string_pretty(&figures)?),
        Output::Markdown => print!("{}", figure::markdown(&figures)),
    }
    Ok(())
}
