//! Canaries: every secret is a text that occurs nowhere else, and is then looked for everywhere a secret must not be.

mod everywhere;
mod scene;

use anyhow::{Context as _, Result, ensure};
use connector::{api::v1, simulator::hubspot::fixture::PortalFixture};
use sqlx::{Connection as _, PgConnection, Row as _};

use crate::harness::{
    World,
    walk::{ACME_ADMIN, Walk},
};

const HUBSPOT_TOKEN: &str = "CANARY-hubspot-6f1d";
const PASSWORD: &str = "CANARY-password-93ab";
const TOKEN: &str = "CANARY-token-51ce";
const WRONG: &str = "CANARY-wrong-77e0";
const PORTAL: u64 = 10_000_777;

/// Every row of every table, as text.
async fn dump(url: &str) -> Result<String> {
    let mut connection = PgConnection::connect(url).await?;
    let tables = sqlx::query("select tablename from pg_tables where schemaname = 'public'")
        .fetch_all(&mut connection)
        .await?;
    let mut dump = String::new();
    for table in tables {
        let name: String = table.try_get(0)?;
        let rows = format!("select coalesce(string_agg(t::text, E'\\n'), '') from {name} t");
        let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_one(&mut connection).await?;
        dump.push_str(&text);
    }
    Ok(dump)
}

fn found(text: &str) -> Vec<&str> {
    // A byte column is dumped as hexadecimal digits.
    let canaries = [HUBSPOT_TOKEN, PASSWORD, TOKEN, WRONG];
    canaries
        .into_iter()
        .filter(|canary| text.contains(*canary) || text.contains(&hex::encode(canary)))
        .collect()
}

fn password(password: &str) -> v1::SalesforceCredential {
    v1::SalesforceCredential {
        method: Some(v1::salesforce_credential::Method::Password(v1::SalesforcePassword {
            username: ACME_ADMIN.to_owned(),
            password: password.to_owned(),
            security_token: String::new(),
        })),
    }
}

#[tokio::test]
async fn r41_no_secret_is_in_an_answer_or_in_the_database() -> Result<()> {
    // A refused token is then refused at once, and not held to be young.
    let window = std::time::Duration::from_millis(1);
    let world = World::start_with(|config| config.worker.token_activation_window = window).await?;
    world.simulators.hubspot.create_portal(PortalFixture::new(PORTAL).token(HUBSPOT_TOKEN))?;
    let edited = world.simulators.salesforce.edit_org(ACME_ADMIN, |org| {
        for user in &mut org.users {
            user.password = PASSWORD.to_owned();
            user.security_token = TOKEN.to_owned();
        }
    });
    edited.map_err(anyhow::Error::msg)?;
    let walk = Walk::start_with(&world, HUBSPOT_TOKEN).await?;
    walk.answer_until(v1::Step::SecurityToken).await?;
    let mut answers = format!("{:?}", walk.token(TOKEN).await);
    answers += &format!("{:?}", walk.answer(v1::Step::VisualforceModule).await);
    answers += &format!("{:?}", walk.connect_with(Some(password(WRONG))).await);
    let connected = walk.connect_with(Some(password(PASSWORD))).await?;
    ensure!(connected.state() == v1::ConnectState::Connected, "{connected:?}");
    answers += &format!("{connected:?} {:?} {:?}", walk.setup().await?, password(PASSWORD));
    answers += &format!("{:?}", walk.token("").await);
    ensure!(found(&answers).is_empty(), "shown: {:?}", found(&answers));

    let url = world.database.url();
    let stored = dump(&url).await?;
    ensure!(stored.contains(ACME_ADMIN), "the dump shows what is stored");
    ensure!(found(&stored).is_empty(), "stored in clear: {:?}", found(&stored));

    // The search finds one that is there.
    let mut connection = PgConnection::connect(&url).await?;
    sqlx::query("update secrets set sealed = $1 where kind = 'security_token'")
        .bind(TOKEN.as_bytes())
        .execute(&mut connection)
        .await?;
    let planted = dump(&url).await?;
    let planted = found(&planted);
    ensure!(planted.first().context("the planted one is found")? == &TOKEN, "{planted:?}");
    Ok(())
}
