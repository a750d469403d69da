//! Whether a contact may go from HubSpot to Salesforce (R59–R62, R74).

use serde::{Deserialize, Serialize};

use super::settings::InclusionRule;

/// What the rule says of one contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// It may go.
    pub included: bool,
    /// Why.
    pub because: Because,
}

/// Why a contact is in or out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Because {
    /// It is, or is not, a member of the list.
    List {
        /// The list's name.
        name: String,
    },
    /// Its stage is, or is not, at least the lowest one.
    Stage {
        /// The contact's stage.
        stage: String,
        /// The lowest one that syncs.
        lowest: String,
    },
    /// It has no stage; such contacts do not sync.
    NoStage,
    /// HubSpot does not know the stage in question, so nothing can be compared.
    UnknownStage {
        /// The stage that is not among the portal's.
        stage: String,
    },
}

/// What is known of a contact for the decision.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Whether it is a member of the rule's list. Read only when there is one.
    pub member_of_list: bool,
    /// Its lifecycle stage, if any.
    pub stage: Option<&'a str>,
    /// The portal's stages in their order, lowest first.
    pub stages: &'a [String],
}

/// Applies a rule.
#[must_use]
pub fn judge(rule: &InclusionRule, facts: &Facts<'_>) -> Verdict {
    match rule {
        InclusionRule::List(list) => {
            Verdict { included: facts.member_of_list, because: Because::List { name: list.name.clone() } }
        }
        InclusionRule::NoList { lowest_stage } => judge_stage(lowest_stage, facts),
    }
}

fn judge_stage(lowest: &str, facts: &Facts<'_>) -> Verdict {
    let Some(stage) = facts.stage.filter(|stage| !stage.is_empty()) else {
        return Verdict { included: false, because: Because::NoStage };
    };
    let rank = |wanted: &str| facts.stages.iter().position(|known| known == wanted);
    match (rank(stage), rank(lowest)) {
        (Some(actual), Some(needed)) => Verdict {
            included: actual >= needed,
            because: Because::Stage { stage: stage.to_owned(), lowest: lowest.to_owned() },
        },
        (None, _) => Verdict { included: false, because: Because::UnknownStage { stage: stage.to_owned() } },
        (_, None) => Verdict { included: false, because: Because::UnknownStage { stage: lowest.to_owned() } },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages() -> Vec<String> {
        ["subscriber", "lead", "customer"].map(str::to_owned).to_vec()
    }

    fn from(lowest: &str, stage: Option<&str>) -> bool {
        let rule = InclusionRule::NoList { lowest_stage: lowest.to_owned() };
        judge(&rule, &Facts { member_of_list: false, stage, stages: &stages() }).included
    }

    #[test]
    fn r62_subscriber_or_later_and_no_stage_is_out() {
        assert!(from("subscriber", Some("subscriber")));
        assert!(from("subscriber", Some("customer")));
        assert!(!from("lead", Some("subscriber")));
        assert!(!from("subscriber", None));
        assert!(!from("subscriber", Some("")));
        assert!(!from("subscriber", Some("made-up")));
    }
}
