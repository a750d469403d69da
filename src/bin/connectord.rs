//! The server: parses its arguments, dispatches, and sets the exit code.

use std::process::ExitCode;

use clap::Parser as _;
use connector::daemon::{self, Args};

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("connectord: no threads can be had: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(daemon::run(args)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("connectord: {error:#}");
            ExitCode::FAILURE
        }
    }
}
