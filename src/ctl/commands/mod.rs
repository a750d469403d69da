//! What each command does: the options as a request, the call, the answer printed.

mod audit;
mod connections;
mod handoff;
mod health;
mod keys;
mod lists;
mod orgs;
mod portals;
mod setup;
mod status;
mod steps;
mod test_contact;
mod watch;

use std::ops::ControlFlow;

use clap::CommandFactory as _;
use tonic::{Request, Response, Status, Streaming};

use super::{
    args::{Cli, Command, PageArgs},
    connecting::lost,
    context::Context,
    error::Error,
    exit::Exit,
    output::{self, Format},
    stream::{Ended, Seen, Watched, follow},
};

/// Does what the command says.
///
/// # Errors
/// Whatever keeps it from its end; how to tell it and the exit code are with [`Error`].
pub async fn dispatch(context: &Context, command: Command) -> Result<Exit, Error> {
    match command {
        Command::Portals(command) => portals::run(context, command).await,
        Command::Setup(args) => setup::run(context, args).await,
        Command::Connect(args) => connections::connect(context, args).await,
        Command::Handoff(args) => handoff::walk(context, args).await,
        Command::Connections(command) => connections::run(context, command).await,
        Command::Orgs(command) => orgs::run(context, command).await,
        Command::Keys(command) => keys::run(context, command).await,
        Command::Lists(command) => lists::run(context, command).await,
        Command::TestContact(command) => test_contact::run(context, command).await,
        Command::Status(command) => status::run(context, command).await,
        Command::Audit(command) => audit::run(context, command).await,
        Command::Watch { portal } => watch::everything(context, portal).await,
        Command::Health => health::run(context).await,
        Command::Completion { shell } => completion(shell),
        Command::Version => version(context),
    }
}

fn completion(shell: clap_complete::Shell) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "connectorctl", &mut script);
    output::write(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

fn version(context: &Context) -> Result<Exit, Error> {
    let version = env!("CARGO_PKG_VERSION");
    match context.format {
        Format::Table => output::write(&format!("connectorctl {version} (connector.v1)"))?,
        Format::Json => {
            let document = serde_json::json!({"version": version, "api": "connector.v1"});
            output::write(&format!("{document:#}"))?;
        }
    }
    Ok(Exit::Ok)
}

/// More pages than anybody reads; a server that never stops giving tokens ends here.
const MOST_PAGES: usize = 1_000;

/// One page as asked for, or all pages put together by `merge`, which moves the items of a page to the end of the
/// first one and says how to go on.
async fn pages<R>(
    args: &PageArgs,
    read: impl AsyncFn(i32, String) -> Result<R, Error>,
    merge: impl Fn(&mut R, R) -> String,
) -> Result<R, Error>
where
    R: Default,
{
    let mut all = R::default();
    let mut token = args.page_token.clone().unwrap_or_default();
    let is_one_page = args.page_size.is_some() || args.page_token.is_some();
    for _ in 0..MOST_PAGES {
        token = merge(&mut all, read(args.page_size.unwrap_or_default(), token).await?);
        if is_one_page || token.is_empty() {
            break;
        }
    }
    Ok(all)
}

/// Moves the items of the next page behind those of the pages before, with its token.
macro_rules! append {
    ($items:ident) => {
        |all, mut page| {
            all.$items.append(&mut page.$items);
            all.next_page_token.clone_from(&page.next_page_token);
            page.next_page_token
        }
    };
}
use append;

/// Prints every event of a stream until it is finished, each by itself.
async fn print_all<M: Watched>(
    context: &Context,
    token: Option<String>,
    open: impl AsyncFn(Request<String>) -> Result<Response<Streaming<M>>, Status>,
) -> Result<Ended, Error> {
    print_each(context, token, open, |message| context.print_event(message)).await
}

/// Follows a stream until it is finished and prints its events by `print`.
async fn print_each<M: Watched>(
    context: &Context,
    token: Option<String>,
    open: impl AsyncFn(Request<String>) -> Result<Response<Streaming<M>>, Status>,
    print: impl Fn(&M) -> Result<(), Error>,
) -> Result<Ended, Error> {
    follow(&context.client, token.unwrap_or_default(), open, async |seen| {
        match seen {
            Seen::Message(_, message) => print(message)?,
            Seen::Lost(status) => context.note(&lost(status, context.view.lang)),
        }
        Ok(ControlFlow::Continue(()))
    })
    .await
}

#[cfg(test)]
mod tests;
