//! The client against the bundled simulator, in the same process.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod login;
mod probing;
mod sync;

use secrecy::SecretString;

use super::{
    Api, ClientConfig, Credential, Environment, LoginTarget, NewPerson, SalesforceClient, SalesforceError,
    Session,
};
use crate::simulator::{
    RunningSimulators, SimulatorConfig, fault::FaultPlan, salesforce::fixture::OrgFixture, start,
};

const ADMIN: &str = "admin@acme.example";
const EXTERNAL_ID: &str = "10000001-51";

struct World {
    simulators: RunningSimulators,
    client: SalesforceClient,
}

impl World {
    async fn start() -> Self {
        let simulators = start(SimulatorConfig::default()).await.unwrap();
        let client = SalesforceClient::new(ClientConfig::for_simulator(&simulators.salesforce_url)).unwrap();
        Self { simulators, client }
    }

    async fn login(&self, credential: &Credential) -> Result<Session, SalesforceError> {
        let target = LoginTarget {
            environment: Environment::Production,
            my_domain: Some(self.simulators.salesforce_url.clone()),
        };
        self.client.login(&target, credential).await
    }

    async fn api(&self, username: &str) -> Api {
        let session = self.login(&password(username, "password", "token")).await.unwrap();
        self.client.api(&session).unwrap()
    }

    fn edit(&self, edit: impl FnOnce(&mut OrgFixture)) {
        self.simulators.salesforce.edit_org("acme", edit).unwrap();
    }

    fn fault(&self, plan: FaultPlan) {
        self.simulators.salesforce.frame().faults.add(plan);
    }

    fn count(&self, object: &str) -> usize {
        self.simulators.salesforce.records("acme", object, false).unwrap().len()
    }
}

fn password(username: &str, password: &str, token: &str) -> Credential {
    Credential::Password {
        username: username.to_owned(),
        password: SecretString::from(password),
        security_token: SecretString::from(token),
    }
}

fn person() -> NewPerson {
    NewPerson {
        external_id: EXTERNAL_ID.to_owned(),
        email: "connector-test+1@example.com".to_owned(),
        first_name: Some("Test".to_owned()),
        last_name: "O'Contact \\".to_owned(),
        company: Some("HubSpot".to_owned()),
        phone: None,
        lead_source: Some("Other".to_owned()),
    }
}
