//! Bad input, field by field: each field of each request of the descriptor has a row of values that are wrong, with
//! the code, the reason and the exact path that must come back. Nothing changes by any of them, and no vendor is asked.
//!
//! The fields come from the descriptor: a new one without a row fails, and so does a row without a field.

mod message;
mod rules;
mod table;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use connector::{
    api::v1,
    dev::Line,
    simulator::hubspot::seed::{TOKEN_A, TOKEN_B},
};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, Value};
use sqlx::{Connection as _, PgConnection, Row as _};
use tonic::{Code, Status};

use self::{
    message::{Leaf, filled, leaves, put},
    rules::{Expect, Known, Rule},
    table::RULES,
};
use crate::harness::{World, raw, refusal::Refused, walk::Walk};

/// The request id that every method has been called under, with another request.
const USED_ID: &str = "01932c07-aaaa-7bbb-8ccc-0123456789ab";

struct Target {
    world: World,
    line: Line,
    known: Known,
}

/// Everything that a refused call could have changed: all rows of all tables, and what the vendors were asked.
#[derive(PartialEq, Eq)]
struct Snapshot {
    rows: String,
    vendor_calls: u64,
}

impl Target {
    /// A connected portal with sync on and a test contact, and a second one that has begun.
    async fn start() -> Result<Self> {
        let world = World::start().await?;
        let walk = Walk::start_with(&world, TOKEN_A).await?;
        walk.answer_until(v1::Step::Test).await?;
        let contact = walk.test().await?;
        Walk::start_with(&world, TOKEN_B).await?;
        let attempt = walk.setup().await?.answers.and_then(|answers| answers.connect_attempt);
        let salesforce = &world.simulators.salesforce;
        let known = Known {
            portal_id: walk.portal_id,
            setup_id: walk.setup_id.clone(),
            org_id: attempt.context("an attempt")?.org_id,
            test_contact_id: contact.test_contact_id,
            hubspot_token: TOKEN_A.to_owned(),
            host: world.simulators.salesforce_url.clone(),
            pem: salesforce
                .make_app_key(&walk.username, "connector-client-id")
                .map_err(anyhow::Error::msg)?,
            page_of_portals: page_of_portals(&walk).await?,
            page_of_setups: page_of_setups(&walk).await?,
            token_of_setup: token_of_setup(&walk).await?,
            token_of_sync: token_of_sync(&walk).await?,
        };
        let target = Self { line: world.line().await?, world, known };
        target.use_the_id().await?;
        Ok(target)
    }

    /// Every method is recorded as called under [`USED_ID`] by whoever calls here.
    async fn use_the_id(&self) -> Result<()> {
        let mut connection = PgConnection::connect(&self.world.database.url()).await?;
        for method in raw::methods()? {
            sqlx::query(
                "insert into request_records (principal, method, request_id, payload_hash, answer)
                select principal, $1, $2::uuid, decode(repeat('00', 32), 'hex'), 'null'
                from request_records where method = 'SetupService/StartSetup' limit 1",
            )
            .bind(format!("{}/{}", method.parent_service().name(), method.name()))
            .bind(USED_ID)
            .execute(&mut connection)
            .await?;
        }
        connection.close().await?;
        Ok(())
    }

    async fn snapshot(&self) -> Result<Snapshot> {
        let mut connection = PgConnection::connect(&self.world.database.url()).await?;
        let tables = sqlx::query(
            // Servers say in key_holders every few seconds that they are there.
            "select tablename::text from pg_tables
            where schemaname = 'public' and tablename <> 'key_holders' order by tablename",
        )
        .fetch_all(&mut connection)
        .await?;
        let mut rows = String::new();
        for table in tables {
            let name: String = table.try_get(0)?;
            let all =
                format!("select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {name} t");
            let text: String =
                sqlx::query_scalar(sqlx::AssertSqlSafe(all)).fetch_one(&mut connection).await?;
            rows.push_str(&text);
        }
        connection.close().await?;
        let simulators = &self.world.simulators;
        let journals = [&simulators.salesforce.frame().journal, &simulators.hubspot.frame().journal];
        let vendor_calls = journals
            .into_iter()
            .filter_map(|journal| journal.counters().get("calls").map(|kinds| kinds.values().sum::<u64>()))
            .sum();
        Ok(Snapshot { rows, vendor_calls })
    }

    async fn ask(&self, method: &MethodDescriptor, bytes: impl Into<Bytes>) -> Result<Result<(), Status>> {
        let answer = tokio::time::timeout(raw::PATIENCE, raw::send(&self.line, method, bytes.into())).await;
        answer.context("it hangs")
    }
}

/// The answer must be a refusal of this kind, in words, that names these fields.
fn judge(answer: Result<(), Status>, code: Code, reason: &str, fields: &[String]) -> Result<()> {
    let Err(status) = answer else { bail!("it was accepted") };
    let found = Refused::read(&status);
    ensure!(
        found.code == code && found.reason == reason && found.fields == fields,
        "{code:?} {reason} {fields:?} expected, found {found:?}"
    );
    ensure!(!found.localized.1.is_empty() && !found.localized.1.contains("{ "), "no words: {found:?}");
    Ok(())
}

impl Target {
    /// Sends every wrong value of one field.
    async fn try_field(&self, method: &MethodDescriptor, leaf: &Leaf, rule: &Rule) -> Result<()> {
        let input = method.input();
        let base = filled(&self.known, &input, &leaf.path)?;
        let has_request_id = input.get_field_by_name("request_id").is_some();
        for wrong in &rule.wrong {
            let mut message = base.clone();
            put(&mut message, &leaf.path, wrong.value.clone())?;
            let (code, reason, fields) = match &wrong.expect {
                Expect::Field => (Code::InvalidArgument, "INVALID_FIELD", vec![leaf.path.clone()]),
                Expect::Fields(fields) => {
                    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
                    (Code::InvalidArgument, "INVALID_FIELD", fields)
                }
                Expect::Argument(reason, field) => {
                    (Code::InvalidArgument, *reason, vec![(*field).to_owned()])
                }
                Expect::Refused(code, reason) => (*code, *reason, Vec::new()),
            };
            let asks_a_vendor = matches!(reason, "SMART_LIST_NOT_FOUND" | "LIFECYCLE_STAGE_UNKNOWN");
            let before = self.snapshot().await?;
            let answer = self.ask(method, message.encode_to_vec()).await?;
            let shown = format!("{} = {}", leaf.path, shortened(&wrong.value));
            judge(answer, code, reason, &fields).with_context(|| shown.clone())?;
            let after = self.snapshot().await?;
            ensure!(before.rows == after.rows, "{shown} changed something");
            ensure!(
                before.vendor_calls == after.vendor_calls || asks_a_vendor,
                "{shown}: a vendor was asked"
            );
        }
        if let Some(most) = rule.most.clone().filter(|_| has_request_id) {
            // What is just within its bounds is not complained about, beside something that is.
            let mut message = base.clone();
            put(&mut message, &leaf.path, Some(most))?;
            put(&mut message, "request_id", Some(Value::String("x".to_owned())))?;
            let answer = self.ask(method, message.encode_to_vec()).await?;
            judge(answer, Code::InvalidArgument, "INVALID_FIELD", &["request_id".to_owned()])
                .with_context(|| format!("{} at its bound", leaf.path))?;
        }
        if leaf.kind == Kind::String {
            let answer = self.ask(method, not_utf8(&base, &leaf.path)?).await?;
            // The decoder does not say which entry of a list it was.
            let fields = [leaf.path.replace("[0]", "")];
            judge(answer, Code::InvalidArgument, "INVALID_FIELD", &fields)
                .with_context(|| format!("{} is not UTF-8", leaf.path))?;
        }
        Ok(())
    }
}

/// The message with bytes that are no text in this field.
fn not_utf8(base: &DynamicMessage, path: &str) -> Result<Vec<u8>> {
    const MARK: &[u8] = b"~bad-utf-8~";
    let mut message = base.clone();
    put(&mut message, path, Some(Value::String(String::from_utf8_lossy(MARK).into_owned())))?;
    let mut bytes = message.encode_to_vec();
    let at = bytes.windows(MARK.len()).position(|window| window == MARK).context("the mark")?;
    bytes.iter_mut().skip(at).take(MARK.len()).for_each(|byte| *byte = 0xff);
    Ok(bytes)
}

fn shortened(value: &Option<Value>) -> String {
    format!("{value:?}").chars().take(80).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_has_bounds_and_what_is_wrong_is_named() -> Result<()> {
    let target = Target::start().await?;
    let mut used = BTreeSet::new();
    let mut values = 0;
    for method in raw::methods()? {
        let input = method.input();
        let before = target.snapshot().await?;
        for leaf in leaves(&input) {
            let found = RULES.iter().position(|(message, path, _)| {
                *path == leaf.path && (*message == input.name() || *message == "*")
            });
            let at = || format!("{}.{}", input.name(), leaf.path);
            let Some(row) = found else {
                // The parts of a message have rows of their own.
                ensure!(leaf.is_message(), "{} has no row of wrong values", at());
                continue;
            };
            used.insert(row);
            let (_, _, rule) = RULES.get(row).context("a row")?;
            let rule = rule(&target.known);
            values += rule.wrong.len();
            target.try_field(&method, &leaf, &rule).await.with_context(at)?;
        }
        ensure!(
            before == target.snapshot().await? || asks(&input),
            "{} changed something",
            method.full_name()
        );
    }
    for (row, (message, path, _)) in RULES.iter().enumerate() {
        ensure!(used.contains(&row), "there is no field {message}.{path} any more");
    }
    println!("{values} wrong values, {} rows", RULES.len());
    Ok(())
}

/// Some of its wrong values are found out by HubSpot.
fn asks(input: &prost_reflect::MessageDescriptor) -> bool {
    matches!(
        input.name(),
        "ChooseInclusionListRequest"
            | "SetInclusionListRequest"
            | "ClearInclusionListRequest"
            | "CreateSmartListRequest"
            | "UpdateSyncSettingsRequest"
    )
}

async fn page_of_portals(walk: &Walk) -> Result<String> {
    let request = v1::ListPortalsRequest { page_size: 1, ..Default::default() };
    let page = walk.clients.portals.clone().list_portals(request).await?.into_inner();
    ensure!(!page.next_page_token.is_empty(), "one page of portals");
    Ok(page.next_page_token)
}

async fn page_of_setups(walk: &Walk) -> Result<String> {
    let request = v1::ListSetupsRequest { page_size: 1, ..Default::default() };
    let page = walk.clients.setups.clone().list_setups(request).await?.into_inner();
    ensure!(!page.next_page_token.is_empty(), "one page of setups");
    Ok(page.next_page_token)
}

async fn token_of_setup(walk: &Walk) -> Result<String> {
    let request = v1::WatchSetupRequest { setup_id: walk.setup_id.clone(), resume_token: String::new() };
    let mut stream = walk.clients.setups.clone().watch_setup(request).await?.into_inner();
    Ok(stream.message().await?.context("a snapshot")?.resume_token)
}

async fn token_of_sync(walk: &Walk) -> Result<String> {
    let request = v1::WatchSyncStatusRequest { portal_id: walk.portal_id, resume_token: String::new() };
    let mut stream = walk.clients.sync.clone().watch_sync_status(request).await?.into_inner();
    Ok(stream.message().await?.context("a snapshot")?.resume_token)
}
