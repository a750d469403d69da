//! Connecting: the credential of a request, and an attempt watched to its end.

use std::ops::ControlFlow;

use secrecy::{ExposeSecret as _, SecretString};
use tonic::Request;

use super::{
    answer::{present, read_setup},
    args::{CredentialArgs, CredentialMethod},
    client::Client,
    context::Context,
    error::Error,
    labels::label,
    lang::Lang,
    output::time,
    progress::Progress,
    secret::Source,
    stream::{Kind, Seen, follow},
};
use crate::api::v1::{self, ConnectState, salesforce_credential::Method, watch_connections_response::Event};

/// The credential that the options describe. None for the stored one. Secrets that were not given are asked for.
///
/// # Errors
/// [`Error::Usage`] naming what is missing.
pub fn credential(
    context: &Context,
    args: &CredentialArgs,
) -> Result<Option<v1::SalesforceCredential>, Error> {
    let method = match args.method {
        CredentialMethod::Stored => return Ok(None),
        CredentialMethod::Password => Method::Password(password(context, args)?),
        CredentialMethod::JwtBearer => Method::JwtBearer(v1::SalesforceJwtBearer {
            client_id: needed(args.client_id.as_ref(), "--client-id")?,
            username: needed(args.username.as_ref(), "--username")?,
            private_key_pem: plain(&private_key(args).get(context)?),
            login_url: args.login_url.clone().unwrap_or_default(),
        }),
        CredentialMethod::ClientCredentials => Method::ClientCredentials(v1::SalesforceClientCredentials {
            client_id: needed(args.client_id.as_ref(), "--client-id")?,
            client_secret: plain(&client_secret(args).get(context)?),
            login_url: needed(args.login_url.as_ref(), "--login-url")?,
        }),
        CredentialMethod::RefreshToken => Method::RefreshToken(v1::SalesforceRefreshToken {
            client_id: needed(args.client_id.as_ref(), "--client-id")?,
            client_secret: client_secret(args).given()?.as_ref().map(plain).unwrap_or_default(),
            refresh_token: plain(&refresh_token(args).get(context)?),
            login_url: args.login_url.clone().unwrap_or_default(),
        }),
    };
    Ok(Some(v1::SalesforceCredential { method: Some(method) }))
}

fn password(context: &Context, args: &CredentialArgs) -> Result<v1::SalesforcePassword, Error> {
    let username = needed(args.username.as_ref(), "--username (or --method stored)")?;
    let password = Source {
        stdin: args.password_stdin,
        file: args.password_file.as_ref(),
        variable: "CONNECTOR_SALESFORCE_PASSWORD",
        question: "ctl-ask-password",
        options: "--password-file, --password-stdin",
    };
    let token = Source {
        stdin: false,
        file: args.security_token_file.as_ref(),
        variable: "CONNECTOR_SALESFORCE_SECURITY_TOKEN",
        question: "ctl-ask-token",
        options: "--security-token-file",
    };
    Ok(v1::SalesforcePassword {
        username,
        password: plain(&password.get(context)?),
        security_token: token.given()?.as_ref().map(plain).unwrap_or_default(),
    })
}

fn private_key(args: &CredentialArgs) -> Source<'_> {
    Source {
        stdin: false,
        file: args.private_key_file.as_ref(),
        variable: "CONNECTOR_SALESFORCE_PRIVATE_KEY",
        question: "ctl-ask-private-key",
        options: "--private-key-file",
    }
}

fn client_secret(args: &CredentialArgs) -> Source<'_> {
    Source {
        stdin: false,
        file: args.client_secret_file.as_ref(),
        variable: "CONNECTOR_SALESFORCE_CLIENT_SECRET",
        question: "ctl-ask-client-secret",
        options: "--client-secret-file",
    }
}

fn refresh_token(args: &CredentialArgs) -> Source<'_> {
    Source {
        stdin: false,
        file: args.refresh_token_file.as_ref(),
        variable: "CONNECTOR_SALESFORCE_REFRESH_TOKEN",
        question: "ctl-ask-refresh-token",
        options: "--refresh-token-file",
    }
}

fn needed(value: Option<&String>, option: &str) -> Result<String, Error> {
    value.cloned().ok_or_else(|| Error::Usage(format!("{option} is missing")))
}

/// The secret as the request must carry it.
pub fn plain(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

/// Where the newest attempt can be read.
#[derive(Clone, Debug)]
pub enum Of {
    /// A setup.
    Setup(String),
    /// A setup that was handed off: nothing else of the portal can be watched.
    HandedOff(String),
    /// A connected portal.
    Portal,
}

/// Watches an attempt until it is connected or failed, showing where it stands, and returns it as it ended.
///
/// The stream is opened before the attempt is read, so that no change falls between the two.
///
/// # Errors
/// [`Error::Rpc`] when the server refuses or can't be reached; the attempt goes on without us.
pub async fn to_its_end(
    context: &Context,
    attempt: v1::ConnectAttempt,
    of: &Of,
) -> Result<v1::ConnectAttempt, Error> {
    let (client, lang) = (&context.client, context.view.lang);
    let mut progress = context.progress();
    let mut newest = attempt;
    show(&mut progress, &newest, lang);
    if is_over(&newest) {
        return Ok(newest);
    }
    progress.line(&lang.text("ctl-progress-detach"));
    if let Of::HandedOff(setup_id) = of {
        return in_its_setup(context, newest, setup_id, progress).await;
    }
    let portal_id = newest.portal_id;
    let open = async |token: Request<String>| {
        let request = v1::WatchConnectionsRequest { portal_id, resume_token: token.into_inner() };
        client.connections().watch_connections(request).await
    };
    follow(client, String::new(), open, async |seen| {
        match seen {
            Seen::Lost(status) => progress.state(&lost(status, lang)),
            Seen::Message(Kind::Snapshot { more: false }, _) => newest = read(client, &newest, of).await?,
            Seen::Message(
                _,
                v1::WatchConnectionsResponse { event: Some(Event::Transition(transition)), .. },
            ) => {
                let of_ours = |attempt: &&v1::ConnectAttempt| attempt.attempt_id == newest.attempt_id;
                if let Some(attempt) = transition.attempt.as_ref().filter(of_ours) {
                    newest = attempt.clone();
                }
            }
            Seen::Message(..) => {}
        }
        show(&mut progress, &newest, lang);
        Ok(if is_over(&newest) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .await?;
    Ok(newest)
}

/// The same, seen through the setup alone.
async fn in_its_setup(
    context: &Context,
    attempt: v1::ConnectAttempt,
    setup_id: &str,
    mut progress: Progress,
) -> Result<v1::ConnectAttempt, Error> {
    use v1::watch_setup_response::Event as Change;
    let (client, lang) = (&context.client, context.view.lang);
    let mut newest = attempt;
    let open = async |token: Request<String>| {
        let request =
            v1::WatchSetupRequest { setup_id: setup_id.to_owned(), resume_token: token.into_inner() };
        client.setups().watch_setup(request).await
    };
    follow(client, String::new(), open, async |seen| {
        match seen {
            Seen::Lost(status) => progress.state(&lost(status, lang)),
            Seen::Message(_, v1::WatchSetupResponse { event, .. }) => {
                if let Some(Change::Snapshot(setup) | Change::Transition(setup)) = event {
                    let shown = setup.answers.as_ref().and_then(|answers| answers.connect_attempt.as_ref());
                    if let Some(shown) = shown.filter(|shown| shown.attempt_id == newest.attempt_id) {
                        newest = shown.clone();
                    }
                }
            }
        }
        show(&mut progress, &newest, lang);
        Ok(if is_over(&newest) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .await?;
    Ok(newest)
}

/// The attempt as it stands now. One that was replaced by a newer attempt stays as it was last seen.
async fn read(client: &Client, last: &v1::ConnectAttempt, of: &Of) -> Result<v1::ConnectAttempt, Error> {
    let newest = match of {
        Of::Setup(setup_id) | Of::HandedOff(setup_id) => {
            read_setup(client, setup_id).await?.answers.and_then(|answers| answers.connect_attempt)
        }
        Of::Portal => {
            let request = v1::GetConnectionRequest { portal_id: last.portal_id };
            let read = async |request| client.connections().get_connection(request).await;
            client.read(request, read).await?.attempt
        }
    };
    let newest = present(newest)?;
    Ok(if newest.attempt_id == last.attempt_id { newest } else { last.clone() })
}

/// Whether nothing more will happen to it.
pub fn is_over(attempt: &v1::ConnectAttempt) -> bool {
    matches!(attempt.state(), ConnectState::Connected | ConnectState::Failed)
}

fn show(progress: &mut Progress, attempt: &v1::ConnectAttempt, lang: Lang) {
    let state = label::<ConnectState>(attempt.state, lang);
    match (attempt.state(), time(attempt.next_try_time.as_ref())) {
        (ConnectState::WaitingForToken, next) if !next.is_empty() => {
            progress.state(&lang.with("ctl-progress-next-try", &[("state", &state), ("time", &next)]));
        }
        _ => progress.state(&state),
    }
}

/// The word for a stream that is being resumed.
pub fn lost(status: &tonic::Status, lang: Lang) -> String {
    lang.with("ctl-progress-reconnecting", &[("cause", &status.code().to_string())])
}
