//! The set-up wizard as a pure state machine: steps, answers, what each needs, what each makes stale.

mod answers;
mod step;
mod transitions;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use answers::{Answers, ImportDecision, SecurityToken, VisualforceMethod};
pub use step::Step;
pub use transitions::Actor;

use super::{
    PortalId, Reason, Refusal, SetupId,
    connection::{Claims, ConnectAttempt, ConnectState},
    edition::AdminAccess,
    settings::SyncSettings,
};

/// Where a setup stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Steps are open.
    InProgress,
    /// All steps are done.
    Finished,
    /// Given up.
    Abandoned,
}

/// That a step was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Who answered it last.
    pub by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The step whose edit made the answer stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_because: Option<Step>,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// A step before it is open.
    NotReached,
    /// It is the next.
    Open,
    /// It waits for somebody else.
    Waiting,
    /// Its answer holds.
    Answered,
    /// Its answer must be confirmed.
    Stale,
}

/// A portal's run through the wizard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Its id.
    pub id: SetupId,
    /// The portal.
    pub portal_id: PortalId,
    /// Where it stands.
    pub status: Status,
    /// The answers.
    pub answers: Answers,
    /// Which steps were answered.
    pub marks: BTreeMap<Step, Mark>,
    /// The newest attempt to connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<ConnectAttempt>,
    /// When it was started.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// The portal's revision at its last change.
    pub version: i64,
}

impl Setup {
    /// A new one, with no step answered.
    #[must_use]
    pub fn start(id: SetupId, portal_id: PortalId, at: OffsetDateTime) -> Self {
        Self {
            id,
            portal_id,
            status: Status::InProgress,
            answers: Answers::default(),
            marks: BTreeMap::new(),
            attempt: None,
            created_at: at,
            updated_at: at,
            version: 0,
        }
    }

    /// Whether a step's answer holds.
    #[must_use]
    pub fn holds(&self, step: Step) -> bool {
        let waiting = step == Step::AdminAccess && self.answers.admin_access == Some(AdminAccess::None);
        !waiting && self.marks.get(&step).is_some_and(|mark| mark.stale_because.is_none())
    }

    /// The step to go on with; `None` once all are done.
    #[must_use]
    pub fn next_step(&self) -> Option<Step> {
        if self.holds(Step::Done) {
            // Finishing closes the optional step as well; what became stale since is asked again.
            return Step::ORDER.into_iter().find(|step| !step.is_optional() && !self.holds(*step));
        }
        Step::ORDER.into_iter().find(|step| !self.holds(*step))
    }

    /// Steps without an answer, in order. The optional step is not missed once the wizard is finished.
    #[must_use]
    pub fn missing(&self) -> Vec<Step> {
        let finished = self.marks.contains_key(&Step::Done);
        Step::ORDER
            .into_iter()
            .filter(|step| !(finished && step.is_optional()))
            .filter(|step| {
                !self.holds(*step) && self.marks.get(step).is_none_or(|mark| mark.stale_because.is_none())
            })
            .collect()
    }

    /// Steps whose answers must be confirmed, in order.
    #[must_use]
    pub fn stale(&self) -> Vec<Step> {
        Step::ORDER
            .into_iter()
            .filter(|step| self.marks.get(step).is_some_and(|mark| mark.stale_because.is_some()))
            .collect()
    }

    /// Where a step stands.
    #[must_use]
    pub fn step_state(&self, step: Step) -> StepState {
        if self.holds(step) {
            return StepState::Answered;
        }
        match self.marks.get(&step) {
            Some(mark) if mark.stale_because.is_some() => StepState::Stale,
            Some(_) => StepState::Waiting,
            None if self.missing_before(step).is_empty() => StepState::Open,
            None => StepState::NotReached,
        }
    }

    /// The steps before this one that do not hold.
    #[must_use]
    pub fn missing_before(&self, step: Step) -> Vec<Step> {
        step.predecessors().filter(|before| !before.is_optional() && !self.holds(*before)).collect()
    }

    /// Refuses a step whose predecessors do not hold (R22).
    ///
    /// # Errors
    /// `SETUP_NOT_ACTIVE` when the setup was given up, else `SETUP_STEP_NOT_REACHED` naming the steps.
    pub fn check_reached(&self, step: Step) -> Result<(), Refusal> {
        if self.status == Status::Abandoned {
            return Err(Reason::SetupNotActive.into());
        }
        let missing = self.missing_before(step);
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = missing.iter().map(|step| step.name()).collect();
        Err(Refusal::new(Reason::SetupStepNotReached)
            .with("step", step.name())
            .with("steps", names.join(", ")))
    }

    /// Like [`check_reached`](Self::check_reached), but what was answered once can be changed at any later time (R64).
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED` or `SETUP_NOT_ACTIVE`.
    pub fn check_reached_once(&self, step: Step) -> Result<(), Refusal> {
        if self.status != Status::Abandoned && self.marks.contains_key(&step) {
            return Ok(());
        }
        self.check_reached(step)
    }

    /// What syncs, as decided so far.
    #[must_use]
    pub fn settings(&self) -> SyncSettings {
        SyncSettings {
            objects: self.answers.objects,
            activities: self.answers.activities,
            inclusion: self.answers.inclusion.clone(),
        }
    }

    /// What the setup claims about the org; `None` while an answer is missing.
    #[must_use]
    pub fn claims(&self) -> Option<Claims> {
        let (token_fingerprint, token_set_at) = match &self.answers.security_token {
            Some(SecurityToken::Stored { fingerprint, set_at }) => (Some(fingerprint.clone()), Some(*set_at)),
            Some(SecurityToken::NotUsed) | None => (None, None),
        };
        Some(Claims {
            edition: self.answers.edition?,
            admin_access: self.answers.admin_access?,
            environment: self.answers.environment?,
            seats: self.answers.seats?,
            visualforce: self.answers.visualforce?,
            token_fingerprint,
            token_set_at,
            accounts: self.answers.objects.is_some_and(|objects| objects.accounts),
            opportunities: self.answers.objects.is_some_and(|objects| objects.opportunities),
        })
    }

    /// The attempt that runs, if one does.
    #[must_use]
    pub fn running_attempt(&self) -> Option<&ConnectAttempt> {
        self.attempt.as_ref().filter(|attempt| attempt.is_running())
    }

    /// Whether the portal is connected as far as the wizard knows, also when that is stale.
    #[must_use]
    pub fn was_connected(&self) -> bool {
        self.marks.contains_key(&Step::ConnectAccounts)
    }

    /// Whether the newest attempt failed.
    #[must_use]
    pub fn attempt_failed(&self) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| matches!(attempt.state, ConnectState::Failed { .. }))
    }
}

#[cfg(test)]
mod tests;
