//! What the benchmark is told on its command line, and the sizes that follow.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};

/// How the figures are printed at the end; what happens meanwhile goes to stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A line for each figure, as it is measured.
    Text,
    /// All figures with every round.
    Json,
    /// A table.
    Markdown,
}

/// How long, how often and how large.
#[derive(Debug, Parser)]
#[command(name = "control_plane")]
pub struct Settings {
    /// Only benchmarks whose names contain one of these.
    pub names: Vec<String>,
    /// Tiny sizes, one pair: shows that the benchmarks work, and nothing else.
    #[arg(long)]
    pub quick: bool,
    /// Pairs of subject and yardstick.
    #[arg(long, default_value_t = 5)]
    pub pairs: usize,
    /// Seconds that each half of a pair is measured for.
    #[arg(long, default_value_t = 4.0)]
    pub seconds: f64,
    /// How to print the figures.
    #[arg(long, value_enum, default_value = "text")]
    pub output: Output,
    /// List the benchmarks.
    #[arg(long)]
    pub list: bool,
    /// Keep the databases here, and take them again the next time.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// The connectord to measure.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_connectord"))]
    pub server: PathBuf,
    /// What `cargo bench` passes, and `cargo test` does not.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Settings {
    /// Under `cargo test` the arguments are those of the test harness: only its filter means something here.
    pub fn parse(arguments: Vec<String>) -> Result<Self> {
        let measured = arguments.iter().any(|argument| argument == "--bench");
        let program = std::iter::once("control_plane".to_owned());
        let mut settings = if measured {
            Self::parse_from(program.chain(arguments))
        } else {
            let list = arguments.iter().any(|argument| argument == "--list");
            let names = arguments.into_iter().filter(|argument| !argument.starts_with('-'));
            let mut settings = Self::try_parse_from(program.chain(names))?;
            settings.quick = true;
            settings.list = list;
            settings
        };
        if settings.quick {
            settings.pairs = 1;
            settings.seconds = 0.2;
        }
        Ok(settings)
    }

    /// Seconds before each measurement that do not count.
    pub fn warm_up(&self) -> f64 {
        if self.quick { 0.05 } else { 1.0 }
    }

    /// A size, or a tiny one.
    pub fn size(&self, full: usize, tiny: usize) -> usize {
        if self.quick { tiny } else { full }
    }
}
