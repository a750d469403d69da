//! The end of a test contact's records: the worker deletes them in both CRMs.

use backon::Retryable as _;

use super::{Control, ControlError, test_contact_run::backoff, vendor::hubspot_refusal};
use crate::{
    domain::{
        TestContactId,
        test_contact::{Cleanup, Status, TestContact},
    },
    hubspot::HubSpotError,
    salesforce::{self, CrmObject, SalesforceError, SalesforceId},
    store::Job,
};

impl Control {
    /// Deletes the records of a test contact in both CRMs. Gone already is deleted.
    ///
    /// # Errors
    /// Only what a successor may fare better with.
    pub(super) async fn run_cleanup(&self, job: &Job) -> Result<(), ControlError> {
        let id = TestContactId(job.subject_id);
        let (contact, _) = self.inner.store.test_contact(id).await?;
        if contact.cleanup != Cleanup::Deleting {
            return self.drop_job(job).await;
        }
        crate::failpoint::hit("cleanup.before_vendors").await;
        let cleanup = match self.delete_records(job, &contact).await {
            Ok(()) => Cleanup::Deleted,
            Err(ControlError::Refused(failure)) => Cleanup::Failed { failure },
            Err(error) => return Err(error),
        };
        crate::failpoint::hit("cleanup.after_vendors").await;
        self.edit_contact(job, id, "test_contact.clean_up", move |_, mut contact| {
            contact.cleanup = cleanup.clone();
            Box::pin(async move { Ok(contact) })
        })
        .await?;
        self.drop_job(job).await
    }

    async fn delete_records(&self, job: &Job, contact: &TestContact) -> Result<(), ControlError> {
        let api = self.portal_api(job.portal_id).await?;
        let hubspot_id = match &contact.hubspot {
            Some(record) => Some(record.id.clone()),
            // The id was never learned: the address tells whether there is one.
            None => api
                .contact_by_email(&contact.email, &[])
                .await
                .map_err(|error| hubspot_refusal(&error))?
                .map(|found| found.id),
        };
        if let Some(hubspot_id) = &hubspot_id {
            let reached_salesforce = contact.history.iter().any(|step| step.status == Status::Processing);
            if reached_salesforce {
                self.delete_in_salesforce(job, contact, hubspot_id).await?;
                crate::failpoint::hit("cleanup.after_salesforce").await;
            }
            (|| api.archive_contact(hubspot_id))
                .retry(backoff())
                .when(HubSpotError::is_retryable)
                .await
                .map_err(|error| hubspot_refusal(&error))?;
        }
        Ok(())
    }

    async fn delete_in_salesforce(
        &self,
        job: &Job,
        contact: &TestContact,
        external_id: &str,
    ) -> Result<(), ControlError> {
        let known = contact.salesforce.as_ref().and_then(|record| {
            let object = if record.object == "Contact" { CrmObject::Contact } else { CrmObject::Lead };
            SalesforceId::parse(&record.id).ok().map(|id| (object, id))
        });
        let (calls, outcome) = self
            .with_session(job, |api| {
                let known = known.clone();
                async move {
                    let record = known.as_ref().map(|(object, id)| (*object, id));
                    (|| salesforce::delete_synced(&api, record, external_id))
                        .retry(backoff())
                        .when(SalesforceError::is_retryable)
                        .await
                }
            })
            .await;
        if let Ok(connection) = self.inner.store.connection(job.portal_id).await {
            self.inner.store.count_api_calls(&connection.org_id, job.portal_id, calls).await?;
        }
        outcome.map(|_| ())
    }
}
