//! The product's roles on a database of one's own: what `deploy/postgres/roles.sh` does, for `dev` and the tests.
//!
//! A private server asks for no password; one that `TEST_DATABASE_URL` names may.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{ConnectOptions as _, Connection as _};
use url::Url;

use super::pool::{self, PoolSettings};

/// Owns the schema and runs the migrations.
pub const OWNER: &str = "connector_owner";
/// The servers.
pub const APP: &str = "connector_app";
/// Reads the audit trail.
pub const AUDIT_READER: &str = "connector_audit_reader";
const PASSWORD: &str = "connector";

const ROLES: &str = "do $$
    declare
        name text;
    begin
        -- Roles belong to the server, which other runs may share.
        perform pg_advisory_xact_lock(hashtext('connector_roles'));
        foreach name in array array['connector_owner', 'connector_app', 'connector_audit_reader'] loop
            if not exists (select from pg_roles where rolname = name) then
                execute format('create role %I login password %L', name, 'connector');
            end if;
        end loop;
        execute format('revoke all on database %I from public', current_database());
        execute format(
            'grant connect on database %I to connector_owner, connector_app, connector_audit_reader',
            current_database()
        );
        revoke all on schema public from public;
        alter schema public owner to connector_owner;
    end
    $$";

/// Makes the roles where they are missing and hands the database over to them.
///
/// # Errors
/// When the database does not answer, or the address is not a superuser's.
pub async fn create_roles(superuser: &SecretString) -> Result<(), sqlx::Error> {
    let mut connection = pool::options(superuser, &PoolSettings::default())?.connect().await?;
    sqlx::raw_sql(ROLES).execute(&mut connection).await?;
    connection.close().await
}

/// The same database's address for one of the roles; `None` when the address takes no user.
#[must_use]
pub fn url_as(address: &SecretString, role: &str) -> Option<SecretString> {
    let mut url: Url = address.expose_secret().parse().ok()?;
    if url.has_host() {
        url.set_username(role).and_then(|()| url.set_password(Some(PASSWORD))).ok()?;
    } else {
        // A socket's address has the user among its parameters; the last one counts.
        url.query_pairs_mut().append_pair("user", role).append_pair("password", PASSWORD);
    }
    Some(String::from(url).into())
}
