//! The test contact: the part that the worker does. It happens once: the address holds the test contact's id, so that
//! a second creation in HubSpot meets the first one, and Salesforce is written by the HubSpot id as external id.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable as _};
use futures::future::BoxFuture;

use super::{
    Control, ControlError,
    vendor::{hubspot_refusal, salesforce_refusal},
};
use crate::{
    domain::{
        OrgId, Reason, Refusal, TestContactId,
        inclusion::{self, Verdict},
        settings::InclusionRule,
        setup::Actor,
        sync_state::SuspensionReason,
        test_contact::{HubspotRecord, SalesforceRecord, Status, TestContact},
    },
    hubspot::{Contact, HubSpotError, HubSpotErrorKind, PortalApi},
    salesforce::{self, NewPerson, SalesforceError, SalesforceErrorKind, Session, Synced},
    store::{Call, Job, JobKind, PortalTx, StoreError, Target},
};

const FIRST_NAME: &str = "Connector";
const LAST_NAME: &str = "Test";
const COMPANY: &str = "HubSpot Salesforce Connector";

/// How often a call that may be repeated is made, and the first wait.
const TRIES: usize = 4;
const FIRST_WAIT: Duration = Duration::from_millis(200);

impl Control {
    /// Goes on with a test contact from where it stands.
    ///
    /// # Errors
    /// Only what a successor may fare better with. What a vendor or a rule refuses ends the test contact.
    pub(super) async fn run_test_contact(&self, job: &Job) -> Result<(), ControlError> {
        let id = TestContactId(job.subject_id);
        let (mut contact, _) = self.inner.store.test_contact(id).await?;
        if contact.status == Status::Starting {
            contact = match self.move_on(job, id, "test_contact.schedule", Status::Scheduling, |_| ()).await?
            {
                Some(contact) => contact,
                None => return self.end_test(job, id).await,
            };
        }
        if contact.status == Status::Scheduling {
            contact = match self.schedule(job, &contact).await? {
                Some(contact) => contact,
                None => return self.end_test(job, id).await,
            };
        }
        if contact.status == Status::Processing {
            self.process(job, &contact).await?;
        }
        self.end_test(job, id).await
    }

    /// Ends the job. If the test contact was cancelled, its deletion begins in the same commit: a successor that finds
    /// it cancelled deletes what a server that died had created.
    async fn end_test(&self, job: &Job, id: TestContactId) -> Result<(), ControlError> {
        let lease = job.lease;
        self.inner
            .store
            .change(&Call::internal("test_contact.end"), Target::TestContact(id), move |tx| {
                Box::pin(async move {
                    tx.end_job(lease).await?;
                    if tx.test_contact(id).await?.status == Status::Cancelled {
                        let now = tx.now();
                        tx.add_job(JobKind::TestContactCleanup, id.0, now).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        crate::failpoint::hit("test_contact.end").await;
        Ok(())
    }

    /// Creates the contact in HubSpot. `None` when the test contact ended.
    async fn schedule(&self, job: &Job, contact: &TestContact) -> Result<Option<TestContact>, ControlError> {
        let api = match self.portal_api(job.portal_id).await {
            Ok(api) => api,
            Err(ControlError::Refused(refusal)) => {
                return self.fail_contact(job, contact.id, refusal, 0).await;
            }
            Err(error) => return Err(error),
        };
        crate::failpoint::hit("test_contact.before_hubspot").await;
        let created = create_in_hubspot(&api, contact).await;
        crate::failpoint::hit("test_contact.after_hubspot").await;
        let created = match created {
            Ok(created) => created,
            Err(error) => return self.fail_contact(job, contact.id, hubspot_refusal(&error), 0).await,
        };
        let verdict = self.verdict(job, &api, &created).await?;
        let ui_domain = self.inner.store.portal(job.portal_id).await?.0.account.ui_domain;
        let url = created.url.clone().unwrap_or_else(|| {
            format!("https://{ui_domain}/contacts/{}/record/0-1/{}", job.portal_id, created.id)
        });
        let record = HubspotRecord { id: created.id, url };
        self.move_on(job, contact.id, "test_contact.process", Status::Processing, move |contact| {
            contact.hubspot = Some(record.clone());
            contact.verdict.clone_from(&verdict);
        })
        .await
    }

    /// Writes the contact to Salesforce within the budget.
    async fn process(&self, job: &Job, contact: &TestContact) -> Result<(), ControlError> {
        let org_id = match self.inner.store.connection(job.portal_id).await {
            Ok(connection) if connection.is_active() => connection.org_id,
            Ok(_) | Err(StoreError::Refused(_)) => {
                self.fail_contact(job, contact.id, Reason::NotConnected.into(), 0).await?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let reservation = self
            .inner
            .store
            .reserve_api_calls(&org_id, job.portal_id, self.inner.settings.calls_per_contact_sync)
            .await;
        let reservation = match reservation {
            Ok(reservation) => reservation,
            Err(StoreError::Refused(refusal)) => {
                self.fail_contact(job, contact.id, refusal, 0).await?;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let (calls, outcome) = self.write_to_salesforce(job, contact, &org_id).await;
        self.inner.store.settle_api_calls(&reservation, calls).await?;
        match outcome {
            Ok(record) => {
                self.move_on(job, contact.id, "test_contact.complete", Status::Completed, move |contact| {
                    contact.salesforce = Some(record.clone());
                    contact.api_calls += calls;
                })
                .await?;
                Ok(())
            }
            Err(ControlError::Refused(refusal)) => {
                self.fail_contact(job, contact.id, refusal, calls).await.map(|_| ())
            }
            Err(error) => Err(error),
        }
    }

    /// The write itself, with the API calls that it took, also when it failed.
    async fn write_to_salesforce(
        &self,
        job: &Job,
        contact: &TestContact,
        org_id: &OrgId,
    ) -> (i64, Result<SalesforceRecord, ControlError>) {
        let person = person(contact);
        let (calls, outcome) = self
            .with_session(job, |api| {
                let person = person.clone();
                async move {
                    crate::failpoint::hit("test_contact.before_salesforce").await;
                    let synced = (|| salesforce::match_and_upsert(&api, &person))
                        .retry(backoff())
                        .when(SalesforceError::is_retryable)
                        .await;
                    crate::failpoint::hit("test_contact.after_salesforce").await;
                    synced
                }
            })
            .await;
        let record = outcome.map(|(synced, session): (Synced, Session)| SalesforceRecord {
            object: synced.object.api_name().to_owned(),
            id: synced.record_id.as_str().to_owned(),
            url: session.record_url(&synced.record_id),
        });
        tracing::debug!(%org_id, calls, "test contact was written to salesforce");
        (calls, record)
    }

    /// Runs something over the session in force. If the session has ended, one login is sent and it runs again. What
    /// a user asked for is one job: that is how far "one login" goes, also over several servers.
    pub(super) async fn with_session<T, F, R>(
        &self,
        job: &Job,
        run: F,
    ) -> (i64, Result<(T, Session), ControlError>)
    where
        F: Fn(Arc<salesforce::Api>) -> R,
        R: Future<Output = Result<T, SalesforceError>>,
    {
        let mut calls = 0;
        let mut session = match self.current_session(job.portal_id).await {
            Ok(session) => session,
            Err(error) => return (calls, Err(error)),
        };
        for renewed in [false, true] {
            let current = match session.take() {
                Some(session) => session,
                None => match self.renew_session(job.portal_id, job.lease.job_id).await {
                    Ok(session) => session,
                    Err(error) => return (calls, Err(error)),
                },
            };
            let api = match self.inner.salesforce.api(&current) {
                Ok(api) => Arc::new(api),
                Err(error) => return (calls, Err(salesforce_refusal(&error).into())),
            };
            let outcome = run(Arc::clone(&api)).await;
            calls += i64::from(api.calls());
            self.observe(&current, &api).await;
            match outcome {
                Ok(value) => return (calls, Ok((value, current))),
                Err(error) if !renewed && *error.kind() == SalesforceErrorKind::SessionInvalid => {}
                Err(error) => return (calls, Err(salesforce_refusal(&error).into())),
            }
        }
        (calls, Err(Reason::SalesforceSessionRefused.into()))
    }

    /// Takes down what Salesforce said of its own counter. Losing that is no failure of the work.
    async fn observe(&self, session: &Session, api: &salesforce::Api) {
        let Some(limit) = api.limit_info() else { return };
        let (Ok(used), Ok(max)) = (i64::try_from(limit.used), i64::try_from(limit.max)) else { return };
        let Some(org_id) = OrgId::parse(session.org_id.as_str()) else { return };
        if let Err(error) = self.inner.store.observe_api_calls(&org_id, used, max).await {
            tracing::warn!(%error, "the org's own counter was not taken down");
        }
    }

    /// What the inclusion rule says of the contact; the test does not depend on it (R74).
    async fn verdict(
        &self,
        job: &Job,
        api: &PortalApi,
        contact: &Contact,
    ) -> Result<Option<Verdict>, ControlError> {
        let Some(rule) = self
            .inner
            .store
            .setup_of_portal(job.portal_id)
            .await?
            .and_then(|view| view.setup.answers.inclusion)
        else {
            return Ok(None);
        };
        let evaluated = match evaluate(api, &rule, contact).await {
            Ok(verdict) => Some(verdict),
            Err(error) => {
                tracing::info!(%error, "the inclusion rule was not evaluated");
                None
            }
        };
        Ok(evaluated)
    }

    /// Moves the test contact on under the lease. `None` when it has ended meanwhile, by being cancelled: what was
    /// created by then is remembered, to be deleted.
    async fn move_on<F>(
        &self,
        job: &Job,
        id: TestContactId,
        method: &'static str,
        next: Status,
        edit: F,
    ) -> Result<Option<TestContact>, ControlError>
    where
        F: Fn(&mut TestContact) + Send + Sync + 'static,
    {
        let edit = Arc::new(edit);
        self.edit_contact(job, id, method, move |tx, contact| {
            let edit = Arc::clone(&edit);
            Box::pin(async move {
                let now = tx.now();
                if contact.status.is_final() {
                    let mut ended = contact;
                    edit(&mut ended);
                    return Ok(ended);
                }
                let mut moved = contact.moved(next, now)?;
                edit(&mut moved);
                if next == Status::Completed
                    && let Some(setup) = tx.active_setup().await?
                {
                    let actor = Actor { by: moved.requested_by.clone(), at: now };
                    tx.save_setup(setup.tested_with(&actor, id, true)).await?;
                }
                Ok(moved)
            })
        })
        .await
        .map(|contact| Some(contact).filter(|contact| contact.status == next))
    }

    /// Ends the test contact; a cause that would stop every sync suspends the portal's.
    async fn fail_contact(
        &self,
        job: &Job,
        id: TestContactId,
        failure: Refusal,
        calls: i64,
    ) -> Result<Option<TestContact>, ControlError> {
        tracing::info!(portal_id = %job.portal_id, reason = %failure.reason, "test contact failed");
        let suspension = suspension(failure.reason);
        self.edit_contact(job, id, "test_contact.fail", move |tx, contact| {
            let failure = failure.clone();
            Box::pin(async move {
                let now = tx.now();
                if let Some(reason) = suspension {
                    let view = tx.view_sync().await?;
                    tx.save_sync(view.state.suspended(reason, now), view.settings, view.org_id).await?;
                }
                let mut failed = contact.failed(failure, now);
                failed.api_calls += calls;
                Ok(failed)
            })
        })
        .await?;
        Ok(None)
    }

    pub(super) async fn edit_contact<F>(
        &self,
        job: &Job,
        id: TestContactId,
        method: &'static str,
        edit: F,
    ) -> Result<TestContact, ControlError>
    where
        F: for<'tx> Fn(&'tx mut PortalTx, TestContact) -> BoxFuture<'tx, Result<TestContact, StoreError>>
            + Send
            + Sync
            + 'static,
    {
        let lease = job.lease;
        let edit = Arc::new(edit);
        let contact = self
            .inner
            .store
            .change(&Call::internal(method), Target::TestContact(id), move |tx| {
                let edit = Arc::clone(&edit);
                Box::pin(async move {
                    tx.check_lease(lease).await?;
                    let contact = tx.test_contact(id).await?;
                    let edited = edit(tx, contact).await?;
                    tx.save_test_contact(edited).await
                })
            })
            .await?;
        crate::failpoint::hit(method).await;
        Ok(contact)
    }
}

/// Between the tries of a call that may be repeated.
pub(super) fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_times(TRIES).with_jitter()
}

/// Which suspension a failure calls for, if it would stop every sync.
fn suspension(reason: Reason) -> Option<SuspensionReason> {
    match reason {
        Reason::HubspotCredentialRefused => Some(SuspensionReason::HubspotCredentialRefused),
        Reason::SalesforceLoginRefused
        | Reason::SalesforceSessionRefused
        | Reason::SalesforcePasswordExpired => Some(SuspensionReason::SalesforceCredentialRefused),
        Reason::SalesforceApiCallsExhausted => Some(SuspensionReason::ApiCallsExhausted),
        _ => None,
    }
}

/// Creates the contact. A conflict is this very contact from an earlier try: its address is nobody else's.
async fn create_in_hubspot(api: &PortalApi, contact: &TestContact) -> Result<Contact, HubSpotError> {
    let properties: BTreeMap<String, String> = [
        ("email", contact.email.as_str()),
        ("firstname", FIRST_NAME),
        ("lastname", LAST_NAME),
        ("company", COMPANY),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    let created =
        (|| api.create_contact(&properties)).retry(backoff()).when(HubSpotError::is_retryable).await;
    let existing = match created {
        Err(error) => match error.kind() {
            HubSpotErrorKind::Conflict { .. } => error,
            _ => return Err(error),
        },
        Ok(created) => return Ok(created),
    };
    let found = (|| api.contact_by_email(&contact.email, &["lifecyclestage"]))
        .retry(backoff())
        .when(HubSpotError::is_retryable)
        .await?;
    found.ok_or(existing)
}

async fn evaluate(api: &PortalApi, rule: &InclusionRule, contact: &Contact) -> Result<Verdict, HubSpotError> {
    let read = api.contact_by_id(&contact.id, &["lifecyclestage"]).await?;
    let stage = read.as_ref().and_then(|contact| contact.property("lifecyclestage"));
    let (member_of_list, stages) = match rule {
        InclusionRule::List(list) => {
            (api.lists_of_contact(&contact.id).await?.contains(&list.list_id), Vec::new())
        }
        InclusionRule::NoList { .. } => {
            (false, api.lifecycle_stages().await?.into_iter().map(|stage| stage.value).collect())
        }
    };
    Ok(inclusion::judge(rule, &inclusion::Facts { member_of_list, stage, stages: &stages }))
}

fn person(contact: &TestContact) -> NewPerson {
    NewPerson {
        external_id: contact.external_id().unwrap_or_default().to_owned(),
        email: contact.email.clone(),
        first_name: Some(FIRST_NAME.to_owned()),
        last_name: LAST_NAME.to_owned(),
        company: Some(COMPANY.to_owned()),
        phone: None,
        lead_source: None,
    }
}
