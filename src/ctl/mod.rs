//! `connectorctl`, the admin tool: arguments, calls, tables, the interactive wizard.
//!
//! It knows the service by its gRPC API alone: it uses `api` and `locale` and no other room, so everything that it
//! can do, any client can do. No rule of the product lives here; what may be answered when is for the server to say.

mod answer;
pub mod args;
mod client;
mod commands;
mod connecting;
mod context;
mod error;
mod exit;
#[cfg(test)]
mod fake;
mod hints;
mod json;
mod labels;
mod lang;
mod output;
mod progress;
mod render;
mod secret;
mod stream;
mod testing_contact;
mod wizard;

use std::process::ExitCode;

use self::{
    args::{Cli, Command},
    context::Context,
    error::Error,
};

/// Runs one command and says how it went. All output has been written when it returns.
///
/// The exit codes are those of `connectorctl --help`; Ctrl-C ends with 130 and leaves running attempts to the server.
pub async fn run(mut cli: Cli) -> ExitCode {
    let lang = cli.global.lang();
    // Whoever was handed a token may have it on paper and nowhere else.
    let asks = matches!(cli.command, Command::Handoff(_)) && !cli.global.names_token();
    if asks && Context::is_interactive() {
        match wizard::terminal::secret(lang, &lang.text("ctl-ask-handoff-token")) {
            Ok(token) => cli.global.token = Some(token),
            Err(failure) => return failure.exit().into(),
        }
    }
    let context = match Context::new(&cli.global) {
        Ok(context) => context,
        Err(failure) => {
            error::report(&failure, lang, cli.global.output, false);
            return failure.exit().into();
        }
    };
    let outcome = tokio::select! {
        outcome = commands::dispatch(&context, cli.command) => outcome,
        signal = tokio::signal::ctrl_c() => Err(signal.map_or_else(Error::from, |()| Error::Interrupted)),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            error::report(&failure, context.view.lang, context.format, context.view.color_errors);
            failure.exit().into()
        }
    }
}
