//! The admin tool.

use std::process::ExitCode;

use clap::Parser as _;
use connector::ctl;

#[tokio::main]
async fn main() -> ExitCode {
    ctl::run(ctl::args::Cli::parse()).await
}
