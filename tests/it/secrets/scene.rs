//! A server in a process of its own on a Postgres of its own that logs everything, and every kind of credential sent.

use std::{
    env, fs,
    path::PathBuf,
    process::{self, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1,
    dev::postgres::{Cluster, Programs},
    simulator::{
        hubspot::fixture::{OAuthAppFixture, PortalFixture},
        salesforce::fixture::OAuthApp,
    },
    store,
};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection};
use tokio::io::AsyncWriteExt as _;
use tonic::Request;
use v1::{hub_spot_credential::Method as HubSpotMethod, salesforce_credential::Method};

use crate::{
    harness::{
        World,
        walk::{ACME_ADMIN, Clients, Walk, request_id},
    },
    kills::process::Process,
};

/// No secret: it goes wherever a secret could go by mistake.
pub const PLANTED: &str = "PLANTED-4b1d77";

const HUBSPOT_TOKEN: &str = "CANARY-hubspot-static-6f1d";
const HUBSPOT_NEW_TOKEN: &str = "CANARY-hubspot-second-a2c4";
const HUBSPOT_REFUSED: &str = "CANARY-hubspot-refused-0be1";
const HUBSPOT_SECRET: &str = "CANARY-hubspot-client-8d31";
const HUBSPOT_REFRESH: &str = "CANARY-hubspot-refresh-77f0";
const PASSWORD: &str = "CANARY-password-93ab";
const WRONG_PASSWORD: &str = "CANARY-wrong-password-77e0";
const TOKEN: &str = "CANARY-security-token-51ce";
const WRONG_TOKEN: &str = "CANARY-wrong-token-19ad";
const CLIENT_SECRET: &str = "CANARY-client-secret-c0de";
const WRONG_CLIENT_SECRET: &str = "CANARY-wrong-client-secret-41fe";
const APP: &str = "canary-app";

/// Portals: by static token, and by OAuth. Of each run another pair.
const STATIC: u64 = 10_000_700;
const OAUTH: u64 = 10_000_800;

pub struct Scene {
    world: World,
    cluster: Cluster,
    programs: Programs,
    pub folder: PathBuf,
    /// Everything that came back, with the details of errors.
    pub answers: String,
    /// What the admin tool printed.
    pub printed: Vec<u8>,
    /// Secrets that came into being on the way.
    made: Vec<(&'static str, String)>,
    runs: u64,
}

impl Scene {
    pub async fn start() -> Result<Self> {
        let folder = env::temp_dir().join(format!("connector-canaries-{}", process::id()));
        let programs = Programs::find()?;
        let (found, place) = (programs.clone(), folder.clone());
        let cluster = tokio::task::spawn_blocking(move || Cluster::lasting(&found, &place)).await??;
        let superuser = SecretString::from(cluster.url("postgres"));
        store::create_roles(&superuser).await?;
        let url_as = |role| store::url_as(&superuser, role).context("an address for the role");
        store::migrate(&url_as(store::OWNER)?).await?;
        let url = url_as(store::APP)?;
        let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
        for setting in [
            "alter system set log_statement = 'all'",
            "alter system set log_min_duration_statement = 0",
            "alter system set log_parameter_max_length = -1",
            "alter system set log_parameter_max_length_on_error = -1",
            "alter system set log_error_verbosity = 'verbose'",
            "alter system set debug_print_parse = on",
            "select pg_reload_conf()",
        ] {
            sqlx::query(setting).execute(&mut connection).await?;
        }
        let world = World::without_server(|config| {
            config.database.url = Some(url);
        })
        .await?;
        world
            .simulators
            .salesforce
            .edit_org(ACME_ADMIN, |org| {
                for user in &mut org.users {
                    PASSWORD.clone_into(&mut user.password);
                    TOKEN.clone_into(&mut user.security_token);
                }
                org.oauth_apps.push(OAuthApp {
                    client_id: APP.to_owned(),
                    client_secret: Some(CLIENT_SECRET.to_owned()),
                    installed: true,
                    rotates_refresh_tokens: true,
                    run_as: Some(ACME_ADMIN.to_owned()),
                    ..OAuthApp::default()
                });
            })
            .map_err(anyhow::Error::msg)?;
        let (answers, printed, made) = (String::new(), Vec::new(), Vec::new());
        Ok(Self { world, cluster, programs, folder, answers, printed, made, runs: 0 })
    }

    /// Where Postgres keeps its data, all of it written there.
    pub async fn data_folder(&self) -> Result<PathBuf> {
        let mut connection = PgConnection::connect(&self.cluster.url("postgres")).await?;
        sqlx::query("checkpoint").execute(&mut connection).await?;
        let folder = self.folder.join(format!("data-{}", self.programs.major()));
        ensure!(folder.is_dir(), "no data in {}", folder.display());
        Ok(folder)
    }

    /// What `pg_dump` writes.
    pub fn dump(&self) -> Result<Vec<u8>> {
        let dumped = process::Command::new(self.programs.folder().join("pg_dump"))
            .args(["--inserts", &self.cluster.url("postgres")])
            .output()?;
        ensure!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
        Ok(dumped.stdout)
    }

    /// Every secret that was used, with its kind.
    pub fn secrets(&self) -> Vec<(&'static str, String)> {
        let constant = [
            ("HubSpot static token", HUBSPOT_TOKEN),
            ("another HubSpot static token", HUBSPOT_NEW_TOKEN),
            ("refused HubSpot token", HUBSPOT_REFUSED),
            ("HubSpot client secret", HUBSPOT_SECRET),
            ("HubSpot refresh token", HUBSPOT_REFRESH),
            ("Salesforce password", PASSWORD),
            ("wrong Salesforce password", WRONG_PASSWORD),
            ("Salesforce security token", TOKEN),
            ("wrong Salesforce security token", WRONG_TOKEN),
            ("Salesforce client secret", CLIENT_SECRET),
            ("wrong Salesforce client secret", WRONG_CLIENT_SECRET),
        ];
        let mut secrets: Vec<_> = constant.map(|(kind, secret)| (kind, secret.to_owned())).to_vec();
        secrets.extend(self.made.iter().cloned());
        // The signature of the token that callers show.
        let token = self.world.token.expose_secret();
        secrets.push(("caller's token", token.rsplit('.').next().unwrap_or(token).to_owned()));
        secrets
    }

    fn note<T: std::fmt::Debug>(&mut self, answer: Result<T, tonic::Status>) {
        use tonic_types::StatusExt as _;
        match answer {
            Ok(answer) => self.answers.push_str(&format!("{answer:#?}\n")),
            Err(status) => {
                let details = status.get_error_details();
                self.answers.push_str(&format!("{status:?} {status} {details:#?}\n"));
                self.answers.push_str(&String::from_utf8_lossy(status.details()));
            }
        }
    }

    /// Sends every kind of credential to a server that logs all it can in this format. Returns what it wrote.
    pub async fn run(&mut self, format: &str) -> Result<Vec<u8>> {
        self.runs += 1;
        let log = self.folder.join(format!("server-{format}.log"));
        let file = fs::File::create(&log)?;
        let settings = [
            ("CONNECTOR_LOG__FILTER", "trace"),
            ("CONNECTOR_LOG__FORMAT", format),
            ("CONNECTOR_LIMITS__PORTALS_PER_ORG", "10"),
            ("CONNECTOR_WORKER__LOGINS_PER_HOUR", "1000"),
            ("CONNECTOR_WORKER__TOKEN_ACTIVATION_WINDOW", "1ms"),
            ("RUST_BACKTRACE", "full"),
        ];
        let (out, err) = (Stdio::from(file.try_clone()?), Stdio::from(file));
        let server = Process::start_with(&self.world, "portal.tried=panic@3", &settings, out, err).await?;
        let clients = server.clients().await?;
        self.hubspot(&clients).await?;
        let walk = self.ready_to_connect(&clients, STATIC + self.runs).await?;
        self.salesforce(&walk).await?;
        self.admin_tool(&server.url, &walk).await?;
        self.note_what_was_issued();
        server.kill().await?;
        Ok(fs::read(&log)?)
    }

    fn note_what_was_issued(&mut self) {
        let sessions = self.world.simulators.salesforce.session_ids();
        // The part before the exclamation mark is the org's id.
        let secret = |id: String| id.rsplit('!').next().map(str::to_owned).unwrap_or(id);
        self.made.extend(sessions.into_iter().map(|id| ("Salesforce session", secret(id))));
        let issued = self.world.simulators.hubspot.issued_tokens();
        // The seed's own installs are used by nobody here.
        let ours = issued.into_iter().filter(|token| !token.contains("sim-refresh"));
        self.made.extend(ours.map(|token| ("HubSpot access or refresh token", token)));
    }

    /// Both kinds of a HubSpot credential: registered, replaced, refused, and a handler that panics with one.
    async fn hubspot(&mut self, clients: &Clients) -> Result<()> {
        let hubspot = &self.world.simulators.hubspot;
        let number = STATIC + self.runs;
        hubspot.create_portal(
            PortalFixture::new(number)
                .token(format!("{HUBSPOT_TOKEN}-{number}"))
                .token(format!("{HUBSPOT_NEW_TOKEN}-{number}")),
        )?;
        let oauth = OAUTH + self.runs;
        let app = OAuthAppFixture::new(format!("app-{oauth}"), HUBSPOT_SECRET)
            .installed(format!("{HUBSPOT_REFRESH}-{oauth}"))
            .rotating();
        hubspot.create_portal(PortalFixture::new(oauth).oauth_app(app))?;
        let token = |token: String| HubSpotMethod::StaticToken(v1::HubSpotStaticToken { token });
        let by_oauth = HubSpotMethod::Oauth(v1::HubSpotOAuth {
            client_id: format!("app-{oauth}"),
            client_secret: HUBSPOT_SECRET.to_owned(),
            refresh_token: format!("{HUBSPOT_REFRESH}-{oauth}"),
        });
        let register = |method| {
            let mut request = Request::new(v1::RegisterPortalRequest {
                request_id: request_id(),
                credential: Some(v1::HubSpotCredential { method: Some(method) }),
                display_name: PLANTED.to_owned(),
            });
            if let Ok(id) = PLANTED.parse() {
                request.metadata_mut().insert("x-request-id", id);
            }
            request
        };
        let mut portals = clients.portals.clone();
        let first = portals.register_portal(register(token(format!("{HUBSPOT_TOKEN}-{number}")))).await;
        ensure!(first.is_ok(), "{first:?}");
        self.note(first);
        let second = portals.register_portal(register(by_oauth)).await;
        ensure!(second.is_ok(), "{second:?}");
        self.note(second);
        // The third credential that HubSpot accepts panics.
        let panics = portals.register_portal(register(token(format!("{HUBSPOT_NEW_TOKEN}-{number}")))).await;
        ensure!(panics.as_ref().is_err_and(|status| status.code() == tonic::Code::Internal), "{panics:?}");
        self.note(panics);
        self.note(portals.register_portal(register(token(HUBSPOT_REFUSED.to_owned()))).await);
        let request = v1::UpdatePortalCredentialRequest {
            portal_id: i64::try_from(number)?,
            credential: Some(v1::HubSpotCredential {
                method: Some(token(format!("{HUBSPOT_NEW_TOKEN}-{number}"))),
            }),
            ..Default::default()
        };
        self.note(portals.update_portal_credential(request).await);
        // The shared access token comes into being with its first use.
        let request = v1::ListSmartListsRequest { portal_id: i64::try_from(oauth)?, ..Default::default() };
        let listed = clients.lists.clone().list_smart_lists(request).await;
        ensure!(listed.is_ok(), "{listed:?}");
        self.note(listed);
        Ok(())
    }

    async fn ready_to_connect(&mut self, clients: &Clients, portal: u64) -> Result<Walk> {
        let portal_id = i64::try_from(portal)?;
        let request = v1::StartSetupRequest { request_id: request_id(), portal_id };
        let setup = clients.setups.clone().start_setup(request).await?.into_inner().setup;
        let walk = Walk {
            clients: clients.clone(),
            portal_id,
            setup_id: setup.context("a setup")?.setup_id,
            username: ACME_ADMIN.to_owned(),
            environment: v1::SalesforceEnvironment::Production,
        };
        for step in
            crate::harness::walk::STEPS.into_iter().take_while(|step| *step != v1::Step::ConnectAccounts)
        {
            match step {
                v1::Step::ApiCallLimit => self.note(walk.limit(Some(1_000)).await),
                v1::Step::SecurityToken => {
                    self.note(walk.token(WRONG_TOKEN).await);
                    self.note(walk.token(TOKEN).await);
                    self.note(walk.token(&format!("{WRONG_TOKEN} {WRONG_TOKEN}")).await);
                }
                _ => self.note(walk.answer(step).await),
            }
        }
        Ok(walk)
    }

    /// Every kind of a Salesforce credential, good and bad.
    async fn salesforce(&mut self, walk: &Walk) -> Result<()> {
        let password = |password: &str, token: &str| {
            Method::Password(v1::SalesforcePassword {
                username: ACME_ADMIN.to_owned(),
                password: password.to_owned(),
                security_token: token.to_owned(),
            })
        };
        let salesforce = &self.world.simulators.salesforce;
        let pem = salesforce.make_app_key(ACME_ADMIN, APP).map_err(anyhow::Error::msg)?;
        let refresh =
            salesforce.make_refresh_token(ACME_ADMIN, APP, ACME_ADMIN).map_err(anyhow::Error::msg)?;
        let host = self.world.simulators.salesforce_url.clone();
        let line = pem.lines().nth(7).context("a line of the key")?.to_owned();
        self.made.push(("line of a private key", line));
        self.made.push(("Salesforce refresh token", refresh.clone()));
        let secret = |client_secret: &str| {
            Method::ClientCredentials(v1::SalesforceClientCredentials {
                client_id: APP.to_owned(),
                client_secret: client_secret.to_owned(),
                login_url: host.clone(),
            })
        };
        let jwt = Method::JwtBearer(v1::SalesforceJwtBearer {
            client_id: APP.to_owned(),
            username: ACME_ADMIN.to_owned(),
            private_key_pem: pem,
            login_url: String::new(),
        });
        let refresh = Method::RefreshToken(v1::SalesforceRefreshToken {
            client_id: APP.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            refresh_token: refresh,
            login_url: String::new(),
        });
        // What was refused once is not sent again: each run has its own.
        let run = self.runs;
        for (is_good, method) in [
            (false, password(&format!("{WRONG_PASSWORD}-{run}"), "")),
            (false, password(PASSWORD, &format!("{WRONG_TOKEN}-{run}"))),
            (false, secret(WRONG_CLIENT_SECRET)),
            (true, password(PASSWORD, TOKEN)),
            (true, secret(CLIENT_SECRET)),
            (true, jwt),
            (true, refresh),
        ] {
            let credential = Some(v1::SalesforceCredential { method: Some(method) });
            let attempt = walk.connect_with(credential).await?;
            let connected = attempt.state() == v1::ConnectState::Connected;
            ensure!(connected == is_good, "{attempt:#?}");
            self.note(Ok(attempt));
        }
        let request = v1::CheckConnectionRequest { setup_id: walk.setup_id.clone() };
        self.note(walk.clients.connections.clone().check_connection(request).await);
        self.note(Ok(walk.setup().await?));
        Ok(())
    }

    /// The admin tool with secrets, in both formats, with success and without.
    async fn admin_tool(&mut self, url: &str, walk: &Walk) -> Result<()> {
        let portal = walk.portal_id.to_string();
        let token = format!("{HUBSPOT_TOKEN}-{portal}");
        let register = ["portals", "register", "--name", PLANTED, "--hubspot-token-stdin"];
        let connect = ["connect", "--portal", &portal, "--username", ACME_ADMIN, "--password-stdin"];
        for output in ["table", "json"] {
            let format = ["--output", output];
            self.connectorctl(url, &[register.as_slice(), &format].concat(), &token).await?;
            self.connectorctl(url, &[register.as_slice(), &format].concat(), HUBSPOT_REFUSED).await?;
            self.connectorctl(url, &[connect.as_slice(), &format].concat(), WRONG_PASSWORD).await?;
            self.connectorctl(url, &[connect.as_slice(), &format].concat(), PASSWORD).await?;
            let submit = ["setup", "token", "--security-token-stdin", "--portal", &portal];
            self.connectorctl(url, &[submit.as_slice(), &format].concat(), TOKEN).await?;
        }
        Ok(())
    }

    async fn connectorctl(&mut self, url: &str, arguments: &[&str], secret: &str) -> Result<()> {
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_connectorctl"))
            .args(arguments)
            .env_clear()
            .env("CONNECTOR_ENDPOINT", url)
            .env("CONNECTOR_TOKEN", self.world.token.expose_secret())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut stdin = child.stdin.take().context("its input")?;
        stdin.write_all(secret.as_bytes()).await?;
        drop(stdin);
        let output = tokio::time::timeout(crate::harness::PATIENCE, child.wait_with_output()).await??;
        self.printed.extend(output.stdout);
        self.printed.extend(output.stderr);
        Ok(())
    }

    pub async fn stop(self) -> Result<()> {
        let Self { cluster, folder, .. } = self;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
