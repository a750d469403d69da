//! What an answer does to a setup. Each transition consumes the setup and gives the next one, or a refusal.

use time::OffsetDateTime;

use super::{Answers, ImportDecision, Mark, SecurityToken, Setup, Status, Step, VisualforceMethod};
use crate::domain::{
    Reason, Refusal, TestContactId,
    api_limit::{ApiCallLimit, LimitContext},
    connection::{Claims, ConnectAttempt},
    edition::{AdminAccess, Edition, Environment, Subscription},
    settings::{ActivitySync, InclusionRule, ObjectSync},
};

/// Who answers, and when.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The principal.
    pub by: String,
    /// When.
    pub at: OffsetDateTime,
}

type Next = Result<Setup, Refusal>;

impl Setup {
    /// Step "get started" (R01, R18).
    ///
    /// # Errors
    /// `PREREQUISITES_NOT_ACKNOWLEDGED`, `HUBSPOT_SUBSCRIPTION_NOT_ELIGIBLE`.
    pub fn acknowledge(self, actor: &Actor, acknowledged: bool, subscription: Subscription) -> Next {
        if !acknowledged {
            return Err(Reason::PrerequisitesNotAcknowledged.into());
        }
        subscription.check_eligible()?;
        self.answer(Step::Prerequisites, actor, |answers| answers.subscription = Some(subscription))
    }

    /// Step "edition" (R02, R26).
    ///
    /// # Errors
    /// `SALESFORCE_EDITION_NOT_ELIGIBLE`.
    pub fn select_edition(self, actor: &Actor, edition: Edition) -> Next {
        self.check_reached(Step::Edition)?;
        edition.check_eligible()?;
        self.answer(Step::Edition, actor, |answers| answers.edition = Some(edition))
    }

    /// Step "administrative access" (R04, R05, R27, R28). `None` is a waiting state, not an end.
    ///
    /// # Errors
    /// `ADMIN_ACCESS_INSUFFICIENT` for the edition.
    pub fn confirm_admin_access(self, actor: &Actor, access: AdminAccess) -> Next {
        self.check_reached(Step::AdminAccess)?;
        let edition = self.answers.edition;
        if access != AdminAccess::None && !edition.is_some_and(|edition| access.suffices(edition)) {
            return Err(Refusal::new(Reason::AdminAccessInsufficient)
                .with("access", access.label())
                .with("edition", edition.map_or("", Edition::label)));
        }
        self.answer(Step::AdminAccess, actor, |answers| answers.admin_access = Some(access))
    }

    /// Step "sandbox" (R17, R29).
    ///
    /// # Errors
    /// `SANDBOX_NOTES_NOT_ACKNOWLEDGED`.
    pub fn select_environment(
        self,
        actor: &Actor,
        environment: Environment,
        notes_acknowledged: bool,
    ) -> Next {
        self.check_reached(Step::Environment)?;
        if environment == Environment::Sandbox && !notes_acknowledged {
            return Err(Reason::SandboxNotesNotAcknowledged.into());
        }
        self.answer(Step::Environment, actor, |answers| answers.environment = Some(environment))
    }

    /// Step "seats" (R31). The number was checked when it was parsed.
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED`.
    pub fn set_seats(self, actor: &Actor, seats: i32) -> Next {
        self.answer(Step::SeatCount, actor, |answers| answers.seats = Some(seats))
    }

    /// Step "API call limit" (R32–R35). `None` accepts the suggestion.
    ///
    /// # Errors
    /// `API_CALL_LIMIT_OVER_ALLOCATION` with the numbers.
    pub fn set_api_call_limit(self, actor: &Actor, limit: Option<i64>, context: &LimitContext) -> Next {
        self.check_reached(Step::ApiCallLimit)?;
        let chosen = ApiCallLimit {
            limit: limit.unwrap_or_else(|| context.suggestion()),
            by_hand: limit.is_some_and(|limit| limit != context.suggestion()),
        };
        context.check(chosen.limit)?;
        self.answer(Step::ApiCallLimit, actor, |answers| answers.api_call_limit = Some(chosen))
    }

    /// Step "package" (R37).
    ///
    /// # Errors
    /// `PACKAGE_NOT_CONFIRMED`.
    pub fn confirm_package(self, actor: &Actor, installed: bool) -> Next {
        self.check_reached(Step::Package)?;
        if !installed {
            return Err(Reason::PackageNotConfirmed.into());
        }
        self.answer(Step::Package, actor, |answers| answers.package_installed = true)
    }

    /// Step "security token" (R38, R41). The token itself is sealed elsewhere.
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED`.
    pub fn submit_token(self, actor: &Actor, token: SecurityToken) -> Next {
        // Entering the same token again keeps the moment of its first entry: it is no younger for that.
        let unchanged = match (&self.answers.security_token, &token) {
            (
                Some(SecurityToken::Stored { fingerprint: old, .. }),
                SecurityToken::Stored { fingerprint: new, .. },
            ) => old == new,
            _ => false,
        };
        self.answer(Step::SecurityToken, actor, |answers| {
            if !unchanged {
                answers.security_token = Some(token);
            }
        })
    }

    /// Step "Visualforce module" (R43).
    ///
    /// # Errors
    /// `VISUALFORCE_MODULE_NOT_CONFIRMED`.
    pub fn confirm_visualforce(self, actor: &Actor, added: bool, method: VisualforceMethod) -> Next {
        self.check_reached(Step::VisualforceModule)?;
        if !added {
            return Err(Reason::VisualforceModuleNotConfirmed.into());
        }
        self.answer(Step::VisualforceModule, actor, |answers| answers.visualforce = Some(method))
    }

    /// Step "accounts and opportunities" (R54, R55).
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED`.
    pub fn choose_objects(self, actor: &Actor, objects: ObjectSync) -> Next {
        self.answer(Step::ObjectSync, actor, |answers| answers.objects = Some(objects))
    }

    /// Step "activities" (R57, R58).
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED`.
    pub fn choose_activities(self, actor: &Actor, activities: ActivitySync) -> Next {
        self.answer(Step::ActivitySync, actor, |answers| answers.activities = Some(activities))
    }

    /// Step "inclusion list" (R60, R61).
    ///
    /// # Errors
    /// `LIST_NOT_SMART`.
    pub fn choose_inclusion(self, actor: &Actor, rule: InclusionRule) -> Next {
        self.check_reached(Step::InclusionList)?;
        check_rule(&rule)?;
        self.answer(Step::InclusionList, actor, |answers| answers.inclusion = Some(rule))
    }

    /// Changes settings outside of the wizard (R64, R79). Parts that are `None` stay.
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED` for a part that the wizard has not come to; `LIST_NOT_SMART`.
    pub fn update_settings(
        mut self,
        actor: &Actor,
        objects: Option<ObjectSync>,
        activities: Option<ActivitySync>,
        inclusion: Option<InclusionRule>,
    ) -> Next {
        if let Some(objects) = objects {
            self.check_reached_once(Step::ObjectSync)?;
            self.answers.objects = Some(objects);
            self.mark(Step::ObjectSync, actor);
        }
        if let Some(activities) = activities {
            self.check_reached_once(Step::ActivitySync)?;
            self.answers.activities = Some(activities);
            self.mark(Step::ActivitySync, actor);
        }
        if let Some(rule) = inclusion {
            self.check_reached_once(Step::InclusionList)?;
            check_rule(&rule)?;
            self.answers.inclusion = Some(rule);
            self.mark(Step::InclusionList, actor);
        }
        self.updated_at = actor.at;
        Ok(self)
    }

    /// Step "review": sync is switched on.
    ///
    /// # Errors
    /// `CONNECTION_STALE` first, as it tells more than `SETUP_STEP_NOT_REACHED`.
    pub fn enable(self, actor: &Actor) -> Next {
        let connect = self.marks.get(&Step::ConnectAccounts);
        if self.status != Status::Abandoned && connect.is_some_and(|mark| mark.stale_because.is_some()) {
            return Err(Reason::ConnectionStale.into());
        }
        if self.status != Status::Abandoned && self.holds(Step::Review) {
            return Ok(self);
        }
        self.answer(Step::Review, actor, |_| ())
    }

    /// Notes the newest test contact; one that got through answers the step.
    #[must_use]
    pub fn tested_with(mut self, actor: &Actor, contact: TestContactId, completed: bool) -> Self {
        self.answers.test_contact = Some(contact);
        if completed {
            self.answers.tested = true;
            self.mark(Step::Test, actor);
        }
        self.updated_at = actor.at;
        self
    }

    /// Finishes the wizard, with or without a test (R75, R77).
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED`.
    pub fn finish(self, actor: &Actor, decision: Option<ImportDecision>) -> Next {
        let mut finished = self.answer(Step::Done, actor, |answers| {
            answers.import_decision = decision.or(answers.import_decision);
        })?;
        finished.status = Status::Finished;
        Ok(finished)
    }

    /// Gives the setup up.
    ///
    /// # Errors
    /// `SETUP_HAS_CONNECTION` while the portal is connected, `CONNECT_RUNNING` while an attempt runs.
    pub fn abandon(mut self, actor: &Actor) -> Next {
        if self.running_attempt().is_some() {
            return Err(Reason::ConnectRunning.into());
        }
        if self.was_connected() {
            return Err(Reason::SetupHasConnection.into());
        }
        self.status = Status::Abandoned;
        self.updated_at = actor.at;
        Ok(self)
    }

    /// Takes down an attempt or a change of it.
    #[must_use]
    pub fn with_attempt(mut self, attempt: ConnectAttempt) -> Self {
        self.updated_at = attempt.updated_at;
        self.attempt = Some(attempt);
        self
    }

    /// The accounts are connected. If what was claimed has changed while the attempt ran, the answer is stale at once.
    #[must_use]
    pub fn connected(mut self, actor: &Actor, claims: &Claims) -> Self {
        self.mark(Step::ConnectAccounts, actor);
        if let Some(changed) = self.claims().and_then(|now| changed_claim(claims, &now))
            && let Some(mark) = self.marks.get_mut(&Step::ConnectAccounts)
        {
            mark.stale_because = Some(changed);
        }
        self.updated_at = actor.at;
        self
    }

    /// The portal was disconnected. Settings and answers stay; the step is open again.
    #[must_use]
    pub fn disconnected(mut self, actor: &Actor) -> Self {
        self.marks.remove(&Step::ConnectAccounts);
        self.attempt = None;
        self.updated_at = actor.at;
        self
    }

    /// Answers a step that is reached: the answer is marked, and what depends on it becomes stale if it changed.
    fn answer(mut self, step: Step, actor: &Actor, edit: impl FnOnce(&mut Answers)) -> Next {
        self.check_reached(step)?;
        let before = self.answers.clone();
        edit(&mut self.answers);
        let changed = before != self.answers;
        self.mark(step, actor);
        if changed {
            self.make_dependants_stale(step);
        }
        self.updated_at = actor.at;
        Ok(self)
    }

    fn mark(&mut self, step: Step, actor: &Actor) {
        self.marks.insert(step, Mark { by: actor.by.clone(), at: actor.at, stale_because: None });
    }

    fn make_dependants_stale(&mut self, step: Step) {
        for dependant in step.dependants() {
            let suffices = self.admin_access_suffices();
            let Some(mark) = self.marks.get_mut(dependant) else { continue };
            if (step, *dependant) == (Step::Edition, Step::AdminAccess) {
                // R06: re-opened only while the answer does not suffice; an edit back mends it.
                mark.stale_because = (!suffices).then_some(step);
            } else {
                mark.stale_because = Some(step);
            }
        }
    }

    fn admin_access_suffices(&self) -> bool {
        match (self.answers.admin_access, self.answers.edition) {
            (Some(AdminAccess::None), _) => true,
            (Some(access), Some(edition)) => access.suffices(edition),
            _ => false,
        }
    }
}

fn check_rule(rule: &InclusionRule) -> Result<(), Refusal> {
    match rule {
        InclusionRule::List(list) if !list.is_smart() => Err(Refusal::new(Reason::ListNotSmart)
            .with("list", &list.name)
            .with("type", &list.processing_type)),
        InclusionRule::List(_) | InclusionRule::NoList { .. } => Ok(()),
    }
}

/// The step whose answer changed in a way that the probe would have judged otherwise.
fn changed_claim(then: &Claims, now: &Claims) -> Option<Step> {
    if then.edition != now.edition {
        Some(Step::Edition)
    } else if then.environment != now.environment {
        Some(Step::Environment)
    } else if then.token_fingerprint != now.token_fingerprint {
        Some(Step::SecurityToken)
    } else {
        None
    }
}
