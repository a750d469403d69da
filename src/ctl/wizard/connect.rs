//! Connecting, with credentials asked for one by one.

use std::fs;

use super::{Next, Pause, Wizard};
use crate::{
    api::v1::{self, ConnectState, ErrorReason, salesforce_credential::Method},
    ctl::{
        answer::present,
        args::CredentialMethod,
        connecting::{Of, is_over, plain, to_its_end},
        error::Error,
        render::{attempt_outcome, findings},
    },
    locale,
};

impl Wizard<'_> {
    /// Joins an attempt that runs, or starts one; shows what was found.
    pub(super) async fn connect_accounts(&mut self) -> Result<Next, Pause> {
        let last = self.answers().connect_attempt;
        let attempt = match &last {
            Some(running) if !is_over(running) => running.clone(),
            _ => self.start_attempt(last.as_ref()).await?,
        };
        let setup_id = self.setup.setup_id.clone();
        let of = if self.only.is_empty() { Of::Setup(setup_id) } else { Of::HandedOff(setup_id) };
        let ended = to_its_end(self.context, attempt, &of).await?;
        self.prompts.say(&findings(&ended.findings, &self.context.view));
        self.prompts.say(&attempt_outcome(&ended, self.lang()));
        self.refresh().await?;
        if ended.state() == ConnectState::Connected { Ok(Next::Onward) } else { Err(Pause::Menu) }
    }

    async fn start_attempt(
        &mut self,
        last: Option<&v1::ConnectAttempt>,
    ) -> Result<v1::ConnectAttempt, Pause> {
        let credential = self.ask_credential(last.is_some())?;
        let expected_org_id = self.ask_expected_org(last)?;
        let client = &self.context.client;
        let request_id = client.request_id();
        let message = v1::ConnectAccountsRequest {
            request_id: request_id.clone(),
            setup_id: self.setup.setup_id.clone(),
            etag: String::new(),
            credential,
            expected_org_id,
        };
        let connect = async |request| client.connections().connect_accounts(request).await;
        let answer = client.change(&request_id, message, connect).await?;
        Ok(present(answer.attempt)?)
    }

    /// Another org than before has to be meant.
    fn ask_expected_org(&mut self, last: Option<&v1::ConnectAttempt>) -> Result<String, Pause> {
        let Some(last) = last.filter(|last| last.reason() == ErrorReason::OrgChanged) else {
            return Ok(String::new());
        };
        let org = &last.org_id;
        let question = self.lang().with("ctl-ask-expected-org", &[("org_id", org)]);
        Ok(if self.prompts.confirm(&question)? { org.clone() } else { String::new() })
    }

    fn ask_credential(&mut self, is_stored: bool) -> Result<Option<v1::SalesforceCredential>, Pause> {
        let lang = self.lang();
        let has_token = self.answers().security_token.is_some_and(|token| !token.not_used);
        let named = |method| locale::text(lang.language(), &format!("credential-method-{method}"), &[]);
        let all = [
            (CredentialMethod::Password, named("password"), has_token),
            (CredentialMethod::JwtBearer, named("jwt-bearer"), true),
            (CredentialMethod::ClientCredentials, named("client-credentials"), true),
            (CredentialMethod::RefreshToken, named("refresh-token"), true),
            (CredentialMethod::Stored, lang.text("ctl-ask-credential-stored"), is_stored),
        ];
        let offered: Vec<_> = all.into_iter().filter(|(_, _, is_offered)| *is_offered).collect();
        let names: Vec<String> = offered.iter().map(|(_, name, _)| name.clone()).collect();
        let question = lang.text("ctl-ask-credential-method");
        let chosen = self.prompts.choose(&question, &names)?;
        let method = match offered.get(chosen).map(|(method, ..)| *method) {
            Some(CredentialMethod::Password) => self.ask_password()?,
            Some(CredentialMethod::JwtBearer) => self.ask_jwt_bearer()?,
            Some(CredentialMethod::ClientCredentials) => self.ask_client_credentials()?,
            Some(CredentialMethod::RefreshToken) => self.ask_refresh_token()?,
            Some(CredentialMethod::Stored) => return Ok(None),
            None => return Err(Pause::Menu),
        };
        Ok(Some(v1::SalesforceCredential { method: Some(method) }))
    }

    /// The token is carried over from its step.
    fn ask_password(&mut self) -> Result<Method, Pause> {
        let lang = self.lang();
        Ok(Method::Password(v1::SalesforcePassword {
            username: self.prompts.line(&lang.text("ctl-ask-username"), None)?,
            password: plain(&self.prompts.secret(&lang.text("ctl-ask-password"))?),
            security_token: String::new(),
        }))
    }

    fn ask_jwt_bearer(&mut self) -> Result<Method, Pause> {
        let lang = self.lang();
        let client_id = self.ask_client_id()?;
        let username = self.prompts.line(&lang.text("ctl-ask-username"), None)?;
        let path = self.prompts.line(&lang.text("ctl-ask-private-key-file"), None)?;
        let private_key_pem = fs::read_to_string(&path)
            .map_err(|error| Pause::Error(Error::Usage(format!("{path}: {error}"))))?;
        let login_url = self.ask_login_url(true)?;
        Ok(Method::JwtBearer(v1::SalesforceJwtBearer { client_id, username, private_key_pem, login_url }))
    }

    fn ask_client_credentials(&mut self) -> Result<Method, Pause> {
        let client_id = self.ask_client_id()?;
        let question = self.lang().text("ctl-ask-client-secret");
        let client_secret = plain(&self.prompts.secret(&question)?);
        let login_url = self.ask_login_url(false)?;
        Ok(Method::ClientCredentials(v1::SalesforceClientCredentials { client_id, client_secret, login_url }))
    }

    fn ask_refresh_token(&mut self) -> Result<Method, Pause> {
        let lang = self.lang();
        let client_id = self.ask_client_id()?;
        let has_secret = self.prompts.confirm(&lang.text("ctl-ask-has-client-secret"))?;
        let client_secret = if has_secret {
            plain(&self.prompts.secret(&lang.text("ctl-ask-client-secret"))?)
        } else {
            String::new()
        };
        let refresh_token = plain(&self.prompts.secret(&lang.text("ctl-ask-refresh-token"))?);
        let login_url = self.ask_login_url(true)?;
        Ok(Method::RefreshToken(v1::SalesforceRefreshToken {
            client_id,
            client_secret,
            refresh_token,
            login_url,
        }))
    }

    fn ask_client_id(&mut self) -> Result<String, Pause> {
        self.prompts.line(&self.lang().text("ctl-ask-client-id"), None)
    }

    fn ask_login_url(&mut self, is_optional: bool) -> Result<String, Pause> {
        let lang = self.lang();
        let question = lang.text("ctl-ask-login-url");
        let empty = is_optional.then(|| lang.text("ctl-ask-login-url-empty"));
        self.prompts.line(&question, empty.as_deref())
    }
}
