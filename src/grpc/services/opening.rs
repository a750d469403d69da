//! The door to every method: a message is handed out once its caller may know of what it names.

use std::{sync::Arc, task::Poll};

use futures::{Stream, StreamExt as _, stream};
use tonic::{Request, Status};

use super::Backend;
use crate::{
    domain::{
        OrgId, PortalId, Reason, SetupId, TestContactId,
        access::{Access, PortalRule},
    },
    grpc::{
        Call, Failure,
        access::{Permit, rule_field},
        status,
        subjects::Subjects,
    },
};

impl Backend {
    /// Takes a request apart, if its caller may know of what it names. No field has been validated by then, and what
    /// can't be read names nothing: the parser of the method refuses it.
    ///
    /// # Errors
    /// What the caller may not know of is not found, whether it exists or not.
    pub(super) async fn open<T: Subjects>(&self, request: Request<T>) -> Result<(Call, T), Status> {
        let (_, extensions, message) = request.into_parts();
        let mut call = Call::from_extensions(&extensions);
        call.subjects = message.subjects();
        let Some(Permit(rule)) = extensions.get::<Permit>() else {
            return Err(status::of(
                &call,
                &Failure::Internal("a method was reached without a permit".into()),
            ));
        };
        match self.check_grant(&call, rule.portal).await {
            Ok(()) => Ok((call, message)),
            Err(failure) => Err(status::of(&call, &failure)),
        }
    }

    async fn check_grant(&self, call: &Call, rule: PortalRule) -> Result<(), Failure> {
        let access = call.caller.access();
        let named = match rule_field(rule) {
            None | Some("credential") => return Ok(()),
            Some(field) => call
                .subject(field)
                .ok_or_else(|| Failure::Internal(format!("the request does not name its {field}").into()))?,
        };
        let (sees, reason) = match rule {
            PortalRule::None | PortalRule::Filtered | PortalRule::Credential => return Ok(()),
            PortalRule::Portal | PortalRule::PortalOrFiltered => {
                (sees_portal(access, named), Reason::PortalNotFound)
            }
            PortalRule::Setup | PortalRule::SetupOrNone => match SetupId::parse(named) {
                Some(id) => (self.control.sees_setup(access, id).await?, Reason::SetupNotFound),
                None => return Ok(()),
            },
            PortalRule::TestContact => match TestContactId::parse(named) {
                Some(id) => (self.control.sees_test_contact(access, id).await?, Reason::TestContactNotFound),
                None => return Ok(()),
            },
            PortalRule::Org => match OrgId::parse(named) {
                Some(id) => (self.control.sees_org(access, &id).await?, Reason::OrgNotFound),
                None => return Ok(()),
            },
        };
        if sees { Ok(()) } else { Err(reason.into()) }
    }

    /// Ends a stream when its caller's credential does.
    pub(super) fn while_valid<T: Send + 'static>(
        &self,
        call: Arc<Call>,
        messages: impl Stream<Item = Result<T, Status>> + Send + Unpin + 'static,
    ) -> impl Stream<Item = Result<T, Status>> + Send + 'static {
        let (caller, every) = (call.caller.clone(), self.recheck);
        let ended = Box::pin(async move { caller.ended(every).await });
        let mut open = Some((ended, messages));
        stream::poll_fn(move |context| {
            let Some((ended, messages)) = &mut open else { return Poll::Ready(None) };
            if ended.as_mut().poll(context).is_ready() {
                open = None;
                return Poll::Ready(Some(Err(status::of(&call, &Reason::Unauthenticated.into()))));
            }
            messages.poll_next_unpin(context)
        })
    }
}

/// What can't be read, and zero, names no portal.
fn sees_portal(access: &Access, named: &str) -> bool {
    named.parse().ok().and_then(PortalId::parse).is_none_or(|portal_id| access.sees_portal(portal_id))
}
