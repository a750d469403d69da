//! Whatever a client sends to whichever RPC: the right kind of code, with our details, and nothing breaks.
//!
//! The requests are made from the descriptor, so that a new RPC or field is tried without being added here.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use connector::{
    api::v1,
    config::{Config, Sources},
    dev::{self, Environment, EnvironmentSettings, Line},
    simulator::hubspot::seed,
};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, MethodDescriptor, Value};
use rand::{RngExt as _, SeedableRng as _};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::harness::raw;

/// Random messages for each RPC. More with `BAD_INPUT_ROUNDS`.
const ROUNDS: u32 = 40;
const SEED: u64 = 0x5eed;

/// Judges an answer: any code that says what the caller can do about it, with the details that go along.
fn judge(method: &MethodDescriptor, what: &str, answer: Result<(), Status>) -> Result<()> {
    let Err(status) = answer else { return Ok(()) };
    let name = method.full_name();
    let code = status.code();
    let is_ours = !matches!(
        code,
        Code::Unknown | Code::Internal | Code::DataLoss | Code::Unimplemented | Code::DeadlineExceeded
    );
    ensure!(is_ours, "{name} answered {what} with {status:?}");
    let details = status.get_error_details();
    let info = details.error_info().with_context(|| format!("{name}, {what}: no ErrorInfo in {status:?}"))?;
    ensure!(info.domain == "connector.v1", "{name}, {what}: {info:?}");
    if code == Code::InvalidArgument {
        let named = details.bad_request().is_some_and(|bad| !bad.field_violations.is_empty());
        ensure!(named, "{name}, {what}: no field is named in {details:?}");
    }
    let text = details.localized_message().map(|localized| localized.message.clone()).unwrap_or_default();
    ensure!(!text.is_empty() && !text.contains("{ "), "{name}, {what}: {text:?}");
    Ok(())
}

/// Values that somebody sends sooner or later.
fn strings() -> Vec<String> {
    vec![
        String::new(),
        "\0".to_owned(),
        "x".repeat(300_000),
        "会".repeat(400),
        "'; drop table portals; --".to_owned(),
        "\u{202e}\u{1b}[31m\r\nx-evil: 1".to_owned(),
        "01932c07-aaaa-7bbb-8ccc-0123456789ab".to_owned(),
        "W-1".to_owned(),
        "MTpMaXN0UG9ydGFsczpmOnk".to_owned(),
        "00Di0000000icUB".to_owned(),
        "-1".to_owned(),
    ]
}

const NUMBERS: [i64; 8] = [0, 1, -1, 7, 501, i64::MAX, i64::MIN, 1 << 31];

/// A message with every field set to the n-th hostile value of its kind; of a oneof the n-th field.
fn filled(message: &MessageDescriptor, n: usize) -> DynamicMessage {
    let mut filled = DynamicMessage::new(message.clone());
    for (position, field) in message.fields().enumerate() {
        if let Some(oneof) = field.containing_oneof() {
            let turn = oneof.fields().nth(n % oneof.fields().count());
            if turn.is_none_or(|turn| turn.number() != field.number()) {
                continue;
            }
        }
        let at = n + position;
        let number = NUMBERS.get(at % NUMBERS.len()).copied().unwrap_or_default();
        let narrow = i32::try_from(number).unwrap_or(i32::MIN);
        let value = match field.kind() {
            Kind::String => Value::String(strings().get(at % strings().len()).cloned().unwrap_or_default()),
            Kind::Int32 => Value::I32(narrow),
            Kind::Int64 => Value::I64(number),
            Kind::Bool => Value::Bool(n.is_multiple_of(2)),
            Kind::Enum(_) => Value::EnumNumber(narrow),
            Kind::Message(inner) => Value::Message(self::filled(&inner, n)),
            _ => continue,
        };
        let value = if field.is_list() { Value::List(vec![value; 1 + n % 3]) } else { value };
        filled.set_field(&field, value);
    }
    filled
}

/// The same, but with a portal and a setup that exist, so that the rules behind the parser are reached.
fn aimed(mut message: DynamicMessage, portal_id: i64, setup_id: &str) -> DynamicMessage {
    for (name, value) in [
        ("portal_id", Value::I64(portal_id)),
        ("setup_id", Value::String(setup_id.to_owned())),
        ("request_id", Value::String(String::new())),
        ("etag", Value::String(String::new())),
        ("resume_token", Value::String(String::new())),
        ("page_size", Value::I32(0)),
        ("page_token", Value::String(String::new())),
        ("validate_only", Value::Bool(false)),
    ] {
        let _ = message.try_set_field_by_name(name, value);
    }
    message
}

/// Chunks of valid messages put together wrongly, and plain noise.
fn noise(random: &mut impl rand::Rng, message: &MessageDescriptor) -> Bytes {
    let n = usize::from(random.random::<u8>());
    let mut bytes = filled(message, n).encode_to_vec();
    bytes.truncate(4_096);
    match random.random_range(0..4_u8) {
        0 => bytes = (0..random.random_range(0..64_usize)).map(|_| random.random()).collect(),
        1 => bytes.truncate(random.random_range(0..=bytes.len())),
        2 => {
            for _ in 0..8 {
                let at = random.random_range(0..bytes.len().max(1));
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.random();
                }
            }
        }
        // Groups within groups: what recursion limits are for.
        _ => bytes = vec![0x0b; 4_096],
    }
    bytes.into()
}

struct Target {
    environment: Environment,
    line: Line,
    methods: Vec<MethodDescriptor>,
    portal_id: i64,
    setup_id: String,
}

impl Target {
    async fn start() -> Result<Self> {
        let config = Config::load(&Sources { file: None, environment: Vec::new(), overrides: Vec::new() })?;
        let environment = Environment::start(&config, &EnvironmentSettings::default()).await?;
        let line = dev::connect(&environment.grpc_url, &environment.token).await?;
        let methods = raw::methods()?;
        let mut portals = v1::portal_service_client::PortalServiceClient::new(line.clone());
        let token = v1::HubSpotStaticToken { token: seed::TOKEN_A.to_owned() };
        let method = Some(v1::hub_spot_credential::Method::StaticToken(token));
        let credential = Some(v1::HubSpotCredential { method });
        let asked = v1::RegisterPortalRequest { credential, ..Default::default() };
        let portal = portals.register_portal(asked).await?.into_inner().portal.context("a portal")?;
        let portal_id = portal.portal_id;
        let mut setups = v1::setup_service_client::SetupServiceClient::new(line.clone());
        let asked = v1::StartSetupRequest { portal_id, ..Default::default() };
        let setup = setups.start_setup(asked).await?.into_inner().setup.context("a setup")?;
        Ok(Self { environment, line, methods, portal_id, setup_id: setup.setup_id })
    }

    async fn try_out(&self, method: &MethodDescriptor, what: &str, bytes: Bytes) -> Result<()> {
        let answer = tokio::time::timeout(raw::PATIENCE, raw::send(&self.line, method, bytes)).await;
        judge(method, what, answer.with_context(|| format!("{} hangs on {what}", method.full_name()))?)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_input_breaks_any_rpc() -> Result<()> {
    let target = Target::start().await?;
    ensure!(target.methods.len() >= 45, "all RPCs are there");
    let rounds =
        std::env::var("BAD_INPUT_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let mut random = rand::rngs::StdRng::seed_from_u64(SEED);
    for method in &target.methods {
        let request = method.input();
        target.try_out(method, "nothing", Bytes::new()).await?;
        for n in 0..strings().len() {
            let message = filled(&request, n);
            let bytes = message.encode_to_vec();
            target.try_out(method, &format!("filling {n}"), bytes.into()).await?;
            // Not those that wait for a person or end the setup that the others need.
            if method.name() != "AbandonSetup" {
                let bytes = aimed(message, target.portal_id, &target.setup_id).encode_to_vec();
                target.try_out(method, &format!("filling {n} on a real setup"), bytes.into()).await?;
            }
        }
        for round in 0..rounds {
            let bytes = noise(&mut random, &request);
            target.try_out(method, &format!("noise {round}: {bytes:?}"), bytes).await?;
        }
        target.try_out(method, "2 MiB", Bytes::from(vec![0; 2 * 1024 * 1024])).await?;
    }
    // The server is as it was.
    let mut setups = v1::setup_service_client::SetupServiceClient::new(target.line.clone());
    let asked = v1::GetSetupRequest { setup_id: target.setup_id.clone() };
    let setup = setups.get_setup(asked).await?.into_inner().setup.context("the setup")?;
    ensure!(setup.missing.first() == Some(&i32::from(v1::Step::Prerequisites)), "no answer slipped through");
    drop(setups);
    target.environment.stop(Duration::from_secs(10)).await
}
