//! What every command needs: the server, the language, the form of the output, and whether somebody can be asked.

use std::{
    env, fs,
    io::{self, IsTerminal as _},
    path::Path,
};

use secrecy::SecretString;
use serde::Deserialize;

use super::{
    args::{ColorChoice, DEFAULT_ENDPOINT, Global},
    client::{Client, ClientIdentity, Target},
    error::Error,
    output::{self, Format, View},
    progress::Progress,
    render::Show,
};

/// The circumstances of one command.
pub struct Context {
    /// The server.
    pub client: Client,
    /// How text looks.
    pub view: View,
    /// What standard output carries.
    pub format: Format,
    /// `--yes`: don't ask before something is destroyed.
    pub yes: bool,
}

/// What `connectord dev --ready-file` writes; the rest of it is of no interest here.
#[derive(Deserialize)]
struct Ready {
    grpc: String,
    #[serde(default)]
    token: Option<SecretString>,
}

impl Context {
    /// Reads the files that the options name and prepares the way to the server.
    ///
    /// # Errors
    /// [`Error::Usage`] when an option or a file can't be used.
    pub fn new(global: &Global) -> Result<Self, Error> {
        let lang = global.lang();
        let client = Client::new(&target(global)?, lang, global.timeout, global.request_id)?;
        let out = io::stdout().is_terminal();
        let view = View {
            lang,
            color: wants_color(global.color, out),
            color_errors: wants_color(global.color, io::stderr().is_terminal()),
            width: if out { terminal_width() } else { None },
        };
        Ok(Self { client, view, format: global.output, yes: global.yes })
    }

    /// Prints one answer: a table or one JSON document.
    ///
    /// # Errors
    /// When standard output can't be written.
    pub fn print<M: Show>(&self, message: &M) -> Result<(), Error> {
        match self.format {
            Format::Table => output::write(&message.show(&self.view)),
            Format::Json => output::write(&format!("{:#}", message.json()?)),
        }
    }

    /// Prints one event: a line or several of text, or JSON in one line.
    ///
    /// # Errors
    /// When standard output can't be written.
    pub fn print_event<M: Show>(&self, message: &M) -> Result<(), Error> {
        match self.format {
            Format::Table => {
                let text = message.show(&self.view);
                if text.is_empty() { Ok(()) } else { output::write(&text) }
            }
            Format::Json => output::write(&message.json()?.to_string()),
        }
    }

    /// Prints one event of several streams: as JSON, `@type` says which message it is.
    ///
    /// # Errors
    /// When standard output can't be written.
    pub fn print_named_event<M: Show>(&self, message: &M) -> Result<(), Error> {
        if self.format == Format::Table {
            return self.print_event(message);
        }
        let mut json = message.json()?;
        if let Some(fields) = json.as_object_mut() {
            fields.insert("@type".to_owned(), M::NAME.into());
        }
        output::write(&json.to_string())
    }

    /// Shows something in progress on standard error.
    pub fn progress(&self) -> Progress {
        Progress::start(self.format)
    }

    /// A word on standard error that is no part of the answer. Left out beside JSON.
    pub fn note(&self, text: &str) {
        if self.format == Format::Table {
            eprintln!("{text}");
        }
    }

    /// Whether somebody sits there who can be asked.
    pub fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks before something is destroyed; without a terminal it takes `--yes`.
    ///
    /// # Errors
    /// [`Error::Usage`] without terminal and `--yes`; [`Error::Declined`] when the answer is no.
    pub fn confirm(&self, question: &str) -> Result<(), Error> {
        if self.yes {
            return Ok(());
        }
        if !Self::is_interactive() {
            return Err(Error::Usage(
                self.view.lang.with("ctl-confirm-needs-yes", &[("question", question)]),
            ));
        }
        if super::wizard::terminal::confirm(self.view.lang, question)? {
            Ok(())
        } else {
            Err(Error::Declined)
        }
    }
}

/// Options and environment win over the ready file, which wins over the default.
fn target(global: &Global) -> Result<Target, Error> {
    let ready = global.ready_file.as_deref().map(read_ready).transpose()?;
    let ca_pem = global.ca_file.as_deref().map(read_file).transpose()?;
    let identity = identity(global)?;
    let token = match (&global.token, &global.token_file) {
        (Some(token), _) => Some(token.clone()),
        (None, Some(path)) => Some(read_token(path)?),
        (None, None) => None,
    };
    let (grpc, ready_token) =
        ready.map_or((None, None), |ready| (Some(with_scheme(ready.grpc)), ready.token));
    Ok(Target {
        endpoint: global.endpoint.clone().or(grpc).unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned()),
        token: token.or(ready_token),
        ca_pem,
        identity,
    })
}

fn identity(global: &Global) -> Result<Option<ClientIdentity>, Error> {
    match (&global.cert_file, &global.key_file) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => {
            Ok(Some(ClientIdentity { cert_pem: read_file(cert)?, key_pem: read_file(key)?.into() }))
        }
        _ => Err(Error::Usage("--cert and --key belong together".to_owned())),
    }
}

/// `HOST:PORT` as a URL.
fn with_scheme(address: String) -> String {
    if address.contains("://") { address } else { format!("http://{address}") }
}

fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
}

fn read_token(path: &Path) -> Result<SecretString, Error> {
    let text = String::from_utf8(read_file(path)?)
        .map_err(|_| Error::Usage(format!("{}: not a token", path.display())))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(Error::Usage(format!("{}: empty", path.display())));
    }
    Ok(SecretString::from(token))
}

fn read_ready(path: &Path) -> Result<Ready, Error> {
    serde_json::from_slice(&read_file(path)?)
        .map_err(|error| Error::Usage(format!("{}: not a ready file: {error}", path.display())))
}

/// <https://no-color.org>: any value but the empty one counts.
fn wants_color(choice: ColorChoice, is_terminal: bool) -> bool {
    let unwanted = || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && !unwanted(),
    }
}

fn terminal_width() -> Option<u16> {
    comfy_table::Table::new().width()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "test")]
mod tests {
    use clap::Parser as _;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::ctl::args::Cli;

    fn target_of(args: &[&str]) -> Target {
        target(&Cli::try_parse_from(args).unwrap().global).unwrap()
    }

    #[test]
    fn options_win_over_the_ready_file() {
        let folder = tempfile_dir();
        let path = folder.join("ready.json");
        fs::write(&path, r#"{"grpc":"http://127.0.0.1:4711","token":"from-file","database_url":"x"}"#)
            .unwrap();
        let ready = path.to_str().unwrap();

        let target = target_of(&["connectorctl", "--ready-file", ready, "health"]);
        assert_eq!(target.endpoint, "http://127.0.0.1:4711");
        assert_eq!(target.token.unwrap().expose_secret(), "from-file");

        let args =
            ["connectorctl", "health", "--ready-file", ready, "--endpoint", "http://h:1", "--token", "mine"];
        let target = target_of(&args);
        assert_eq!(target.endpoint, "http://h:1");
        assert_eq!(target.token.unwrap().expose_secret(), "mine");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_address_without_scheme_is_plain_text() {
        assert_eq!(with_scheme("127.0.0.1:9".to_owned()), "http://127.0.0.1:9");
        assert_eq!(with_scheme("https://h:9".to_owned()), "https://h:9");
    }

    fn tempfile_dir() -> std::path::PathBuf {
        let folder = env::temp_dir().join(format!("connectorctl-{}", uuid::Uuid::now_v7()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }
}
