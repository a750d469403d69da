//! Where the guides, installers and error pages are. Configuration; the defaults are the vendors' public addresses.

use serde::Deserialize;

use crate::domain::{Reason, edition::Environment, setup::Step};

/// Addresses that answers point to. An empty address is left out of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    /// Installs the package into a production org.
    pub package_production: String,
    /// Installs the package into a sandbox.
    pub package_sandbox: String,
    /// What is needed before the setup, and how it goes.
    pub setup_guide: String,
    /// How the package is installed.
    pub package_guide: String,
    /// What differs in a sandbox.
    pub sandbox_guide: String,
    /// How a security token is reset.
    pub security_token_guide: String,
    /// How lead intelligence is added to the page layouts.
    pub visualforce_guide: String,
    /// How Salesforce grants API calls.
    pub api_calls_guide: String,
    /// What an inclusion list does.
    pub inclusion_list_guide: String,
    /// Folder of the error pages: `{errors}/TRIAL_ORG`. Errors carry no link while it is empty.
    pub errors: String,
}

impl Default for Links {
    fn default() -> Self {
        let help = |page: &str| format!("https://knowledge.hubspot.com/salesforce/{page}");
        // The version of the package that is to be installed is the operator's choice: add `?p0=04t...` to both.
        let installer = |host: &str| format!("https://{host}.salesforce.com/packaging/installPackage.apexp");
        Self {
            package_production: installer("login"),
            package_sandbox: installer("test"),
            setup_guide: help("install-the-hubspot-salesforce-integration"),
            package_guide: help("install-the-hubspot-salesforce-integration"),
            sandbox_guide: help("install-the-hubspot-salesforce-integration"),
            security_token_guide:
                "https://help.salesforce.com/s/articleView?id=xcloud.user_security_token.htm&type=5"
                    .to_owned(),
            visualforce_guide: help("install-the-hubspot-salesforce-integration"),
            api_calls_guide: help("manage-your-salesforce-integration-settings"),
            inclusion_list_guide: help("create-a-salesforce-inclusion-list"),
            errors: String::new(),
        }
    }
}

impl Links {
    /// Titles (as `link-...` keys of the texts) and addresses for a step. Until the environment is known, both
    /// installers are named.
    #[must_use]
    pub fn of_step(&self, step: Step, environment: Option<Environment>) -> Vec<(&'static str, &str)> {
        let links: Vec<(&'static str, &str)> = match step {
            Step::Prerequisites => {
                vec![("link-setup-guide", &self.setup_guide), ("link-api-calls-guide", &self.api_calls_guide)]
            }
            Step::Environment => vec![("link-sandbox-notes", &self.sandbox_guide)],
            Step::ApiCallLimit => vec![("link-api-calls-guide", &self.api_calls_guide)],
            Step::Package => self.installers(environment),
            Step::SecurityToken => vec![("link-token-guide", &self.security_token_guide)],
            Step::VisualforceModule => vec![("link-visualforce-guide", &self.visualforce_guide)],
            Step::InclusionList => vec![("link-inclusion-list-guide", &self.inclusion_list_guide)],
            Step::Edition
            | Step::AdminAccess
            | Step::SeatCount
            | Step::ConnectAccounts
            | Step::ObjectSync
            | Step::ActivitySync
            | Step::Review
            | Step::Test
            | Step::Done => Vec::new(),
        };
        links.into_iter().filter(|(_, address)| !address.is_empty()).collect()
    }

    fn installers(&self, environment: Option<Environment>) -> Vec<(&'static str, &str)> {
        let production = ("link-installer-production", self.package_production.as_str());
        let sandbox = ("link-installer-sandbox", self.package_sandbox.as_str());
        let mut links = match environment {
            Some(Environment::Production) => vec![production],
            Some(Environment::Sandbox) => vec![sandbox],
            None => vec![production, sandbox],
        };
        links.push(("link-package-guide", &self.package_guide));
        links
    }

    /// The section of an error in the page of errors, where that is served.
    #[must_use]
    pub fn of_error(&self, reason: Reason) -> Option<String> {
        (!self.errors.is_empty()).then(|| format!("{}#{}", self.errors, reason.name().to_lowercase()))
    }
}
