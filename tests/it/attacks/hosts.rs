//! Which addresses are called: none of a list of forged ones, whoever names it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, Result, bail, ensure};
use connector::{
    api::v1::{
        self, ErrorReason, SalesforceClientCredentials, SalesforceJwtBearer, SalesforceRefreshToken,
        salesforce_credential::Method,
    },
    salesforce::{ClientConfig, Credential, Environment, HostPolicy, LoginTarget, SalesforceClient},
    simulator::salesforce::fixture::AnsweredHost,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
};
use tonic::{Code, Status};

use crate::{
    connect::scene::{ACME, PASSWORD, Portal, Scene, TOKEN, credential},
    harness::refusal::Refused,
};

const REFUSED: &str = include_str!("refused_hosts.txt");
const ALLOWED: &str = include_str!("allowed_hosts.txt");
const CALLS_AT_ONCE: usize = 16;
/// What the simulated Salesforce knows of an OAuth client.
const APP: &str = "connector-client-id";
const APP_SECRET: &str = "connector-client-secret";

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

/// A forged address, and of which kind it is.
#[derive(Clone, Debug)]
struct Forged {
    kind: &'static str,
    address: String,
}

/// The list, with a port of ours where it wants one.
fn corpus(port: u16) -> Result<Vec<Forged>> {
    lines(REFUSED)
        .map(|line| {
            let (kind, written) = line.split_once(": ").with_context(|| format!("no kind: {line}"))?;
            let address = unescape(&written.replace("{port}", &port.to_string()))?;
            Ok(Forged { kind, address })
        })
        .collect()
}

fn unescape(written: &str) -> Result<String> {
    let (mut text, mut rest) = (String::new(), written);
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        rest = if let Some(after) = after.strip_prefix('\\') {
            text.push('\\');
            after
        } else {
            let (number, after) =
                after.strip_prefix("u{").and_then(|after| after.split_once('}')).context("an escape")?;
            text.push(char::from_u32(u32::from_str_radix(number, 16)?).context("no character")?);
            after
        };
    }
    text.push_str(rest);
    Ok(text)
}

/// A port of this machine, at every address that it has, and what came there.
struct Trap {
    port: u16,
    connections: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

impl Trap {
    async fn set() -> Result<Self> {
        let listener = match TcpListener::bind("[::]:0").await {
            Ok(both) => both,
            Err(_) => TcpListener::bind("0.0.0.0:0").await?,
        };
        let port = listener.local_addr()?.port();
        let (connections, bytes) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (counted, weighed) = (Arc::clone(&connections), Arc::clone(&bytes));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let weighed = Arc::clone(&weighed);
                tokio::spawn(async move {
                    let mut said = [0; 1_024];
                    while let Ok(count @ 1..) = stream.read(&mut said).await {
                        weighed.fetch_add(count, Ordering::SeqCst);
                    }
                });
            }
        });
        Ok(Self { port, connections, bytes })
    }

    /// Nobody came; and who comes is seen.
    async fn ensure_unvisited(self) -> Result<()> {
        let seen = (self.connections.load(Ordering::SeqCst), self.bytes.load(Ordering::SeqCst));
        ensure!(seen == (0, 0), "{} connections and {} bytes came", seen.0, seen.1);
        let visit = TcpStream::connect(("127.0.0.1", self.port)).await?;
        crate::harness::eventually("a visit is counted", async || {
            Ok((self.connections.load(Ordering::SeqCst) == 1).then_some(()))
        })
        .await?;
        drop(visit);
        Ok(())
    }
}

#[test]
fn no_forged_address_passes_and_every_good_one_does() -> Result<()> {
    let policy = HostPolicy::default();
    let (mut kinds, mut passed) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for forged in corpus(4_123)? {
        *kinds.entry(forged.kind).or_default() += 1;
        if let Ok(origin) = policy.check(&forged.address) {
            passed.push(format!("{:?} as {origin}", forged.address));
        }
    }
    ensure!(passed.is_empty(), "{passed:#?}");
    ensure!(kinds.values().sum::<usize>() >= 500 && kinds.len() >= 16, "{kinds:?}");
    let mut allowed = 0;
    for line in lines(ALLOWED) {
        let (address, origin) = line.split_once(" -> ").context("no origin")?;
        let checked = policy.check(address).with_context(|| address.to_owned())?;
        ensure!(checked.to_string() == origin, "{address} leads to {checked}");
        allowed += 1;
    }
    ensure!(allowed >= 30, "{allowed}");
    Ok(())
}

/// The same address in each credential that has one.
fn credentials(login_url: &str, key: &str) -> [Method; 3] {
    let login_url = login_url.to_owned();
    let client_id = APP.to_owned();
    [
        Method::RefreshToken(SalesforceRefreshToken {
            client_id: client_id.clone(),
            client_secret: APP_SECRET.to_owned(),
            refresh_token: "refresh".to_owned(),
            login_url: login_url.clone(),
        }),
        Method::ClientCredentials(SalesforceClientCredentials {
            client_id: client_id.clone(),
            client_secret: APP_SECRET.to_owned(),
            login_url: login_url.clone(),
        }),
        Method::JwtBearer(SalesforceJwtBearer {
            client_id,
            username: ACME.to_owned(),
            private_key_pem: key.to_owned(),
            login_url,
        }),
    ]
}

/// Whether an address was refused as such; an empty one is none.
fn ensure_refused(outcome: Result<(), Status>, forged: &Forged) -> Result<()> {
    let Err(status) = outcome else { bail!("{forged:?} was taken") };
    let refused = Refused::read(&status);
    let is_about_the_address = match (refused.code, refused.reason.as_str()) {
        (Code::InvalidArgument, "INVALID_FIELD") => {
            refused.fields.iter().all(|field| field.ends_with(".login_url"))
        }
        (Code::FailedPrecondition, "SALESFORCE_HOST_NOT_ALLOWED") => true,
        _ => false,
    };
    ensure!(is_about_the_address, "{forged:?} was refused for something else: {refused:?}");
    Ok(())
}

async fn connect_with(scene: &Scene, portal: &Portal, method: Method) -> Result<(), Status> {
    scene.ask(portal, Some(credential(method))).await.map(|_| ())
}

async fn rotate_with(scene: &Scene, portal: &Portal, method: Method) -> Result<(), Status> {
    let request = v1::RotateCredentialRequest {
        request_id: crate::harness::walk::request_id(),
        portal_id: portal.id,
        credential: Some(credential(method)),
        ..Default::default()
    };
    scene.connections().rotate_credential(request).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_caller_sends_a_login_to_a_forged_address() -> Result<()> {
    let trap = Trap::set().await?;
    let scene = Scene::open().await?;
    let (connected, new) = (scene.portal_a().await?, scene.portal_b().await?);
    scene.connect(&connected, ACME).await?;
    let key = scene.salesforce().make_app_key(ACME, APP).map_err(anyhow::Error::msg)?;
    let logins = scene.logins(ACME);
    // White space around an address comes with copying; what is left of these is Salesforce's, or nothing.
    let policy = HostPolicy::default();
    let (forged, trimmed): (Vec<_>, Vec<_>) = corpus(trap.port)?.into_iter().partition(|forged| {
        let left = forged.address.trim();
        !left.is_empty() && policy.check(left).is_err()
    });
    ensure!(trimmed.len() < 12 && forged.len() > 480, "{trimmed:?}");
    let forged_count = forged.len();
    let (scene, connected, new, key) = (&scene, &connected, &new, key.as_str());
    let calls = forged.iter().enumerate().map(|(number, forged)| async move {
        // Each kind meets each credential and each call.
        let [one, another, third] = credentials(&forged.address, key);
        let (first, second) = match number % 3 {
            0 => (one, another),
            1 => (another, third),
            _ => (third, one),
        };
        ensure_refused(connect_with(scene, new, first).await, forged)?;
        ensure_refused(rotate_with(scene, connected, second).await, forged)
    });
    let calls: Vec<()> = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).try_collect().await?;
    ensure!(calls.len() == forged_count, "{}", calls.len());
    ensure!(scene.logins(ACME) == logins, "somebody logged in");
    ensure!(scene.attempt(new).await?.is_none(), "an attempt was begun");
    trap.ensure_unvisited().await
}

/// A client with the simulator as its only exception.
fn client(scene: &Scene) -> Result<SalesforceClient> {
    let config = ClientConfig::for_simulator(&scene.world.simulators.salesforce_url);
    Ok(SalesforceClient::new(config)?)
}

fn refresh_token(scene: &Scene) -> Result<Credential> {
    let token = scene.salesforce().make_refresh_token(ACME, APP, ACME).map_err(anyhow::Error::msg)?;
    Ok(Credential::RefreshToken {
        client_id: APP.to_owned(),
        client_secret: Some(APP_SECRET.into()),
        refresh_token: token.into(),
    })
}

/// A login whose answer leads elsewhere: SOAP's `serverUrl` and OAuth's `instance_url`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_of_a_login_leads_to_a_forged_address() -> Result<()> {
    let trap = Trap::set().await?;
    let scene = Scene::open().await?;
    let client = client(&scene)?;
    let password = Credential::Password {
        username: ACME.to_owned(),
        password: PASSWORD.into(),
        security_token: TOKEN.into(),
    };
    let oauth = refresh_token(&scene)?;
    let target = LoginTarget { environment: Environment::Production, my_domain: None };
    // The login itself works: what is refused below is refused for its address.
    for credential in [&password, &oauth] {
        client.api(&client.login(&target, credential).await?)?;
    }
    let policy = HostPolicy::default();
    let mut refused = 0;
    for forged in corpus(trap.port)? {
        scene.edit_org(ACME, |org| org.answered_host = AnsweredHost::Url(forged.address.clone()))?;
        for credential in [&password, &oauth] {
            match client.login(&target, credential).await {
                Err(_) => refused += 1,
                // White space around a text is dropped by whoever reads XML.
                Ok(session) => {
                    let origin = session.record_url(&session_id()?);
                    let left = forged.address.trim();
                    ensure!(
                        policy.check(left).is_ok() && policy.check(&origin).is_ok(),
                        "{forged:?}: {origin}"
                    );
                }
            }
        }
    }
    ensure!(refused > 980, "{refused}");
    trap.ensure_unvisited().await
}

fn session_id() -> Result<connector::salesforce::SalesforceId> {
    Ok(connector::salesforce::SalesforceId::parse("00Q000000000001")?)
}

/// The whole way: a few of each kind, through a connect and what it shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connect_that_is_led_to_a_forged_address_fails_and_says_so() -> Result<()> {
    let trap = Trap::set().await?;
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let mut of_kind = BTreeMap::<&str, usize>::new();
    for forged in corpus(trap.port)? {
        let count = of_kind.entry(forged.kind).or_default();
        // Characters that no document may hold, and texts that are trimmed or empty, come to other ends.
        if *count == 2 || forged.address.chars().any(|c| c.is_control() || c.is_whitespace()) {
            continue;
        }
        *count += 1;
        scene.edit_org(ACME, |org| org.answered_host = AnsweredHost::Url(forged.address.clone()))?;
        let password = crate::connect::scene::password(ACME);
        let reason = ErrorReason::SalesforceHostNotAllowed;
        scene.refused(&portal, Some(password), reason).await.with_context(|| format!("{forged:?}"))?;
    }
    ensure!(scene.connected_portals().await?.is_empty());
    trap.ensure_unvisited().await
}
