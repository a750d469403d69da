//! What is tried in a field: a right value, the greatest one within its bounds, and wrong ones with what they get.

use prost_reflect::Value;
use tonic::Code;

use super::USED_ID;

/// What exists.
pub struct Known {
    pub portal_id: i64,
    pub setup_id: String,
    pub org_id: String,
    pub test_contact_id: String,
    pub hubspot_token: String,
    /// A host that may be logged in to.
    pub host: String,
    /// A private key.
    pub pem: String,
    pub page_of_portals: String,
    pub page_of_setups: String,
    pub token_of_setup: String,
    pub token_of_sync: String,
}

/// What a wrong value gets.
pub enum Expect {
    /// `INVALID_FIELD` at the field itself.
    Field,
    /// `INVALID_FIELD` at these fields.
    Fields(&'static [&'static str]),
    /// `INVALID_ARGUMENT` with this reason, at this field.
    Argument(&'static str, &'static str),
    /// Another refusal, which names no field.
    Refused(Code, &'static str),
}

pub struct Wrong {
    /// `None` leaves the field out.
    pub value: Option<Value>,
    pub expect: Expect,
}

#[derive(Default)]
pub struct Rule {
    /// `None` leaves the field out.
    pub good: Option<Value>,
    /// At its bound.
    pub most: Option<Value>,
    pub wrong: Vec<Wrong>,
}

pub type Row = (&'static str, &'static str, fn(&Known) -> Rule);

const NOT_UUIDS: &[&str] =
    &["1", "not-a-uuid", "00000000000000000000000000000000", "{}", "'; drop table setups"];
const UNKNOWN_ID: &str = "0197a000-0000-7000-8000-000000000000";
const STAGE_UNKNOWN: &str = "LIFECYCLE_STAGE_UNKNOWN";

pub fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

pub fn long(length: usize) -> Value {
    text("x".repeat(length))
}

impl Rule {
    pub fn good(value: Value) -> Self {
        Self { good: Some(value), ..Self::default() }
    }

    pub fn most(mut self, value: Value) -> Self {
        self.most = Some(value);
        self
    }

    pub fn with(mut self, value: Value, expect: Expect) -> Self {
        self.wrong.push(Wrong { value: Some(value), expect });
        self
    }

    pub fn left_out(mut self, expect: Expect) -> Self {
        self.wrong.push(Wrong { value: None, expect });
        self
    }

    pub fn wrong(self, values: impl IntoIterator<Item = Value>) -> Self {
        values.into_iter().fold(self, |rule, value| rule.with(value, Expect::Field))
    }
}

/// A field that takes any value of its type.
pub fn any(_: &Known) -> Rule {
    Rule::default()
}

pub fn uuid(good: &str, not_found: &'static str) -> Rule {
    Rule::good(text(good))
        .wrong(["", " "].map(text))
        .wrong(NOT_UUIDS.iter().map(|wrong| text(*wrong)))
        .wrong([long(300_000)])
        .with(text(UNKNOWN_ID), Expect::Refused(Code::NotFound, not_found))
}

pub fn setup_id(known: &Known) -> Rule {
    uuid(&known.setup_id, "SETUP_NOT_FOUND")
}

pub fn any_setup_id(known: &Known) -> Rule {
    let mut rule = setup_id(known);
    // Empty means the general description.
    rule.wrong.retain(|wrong| wrong.value != Some(text("")));
    rule
}

pub fn test_contact_id(known: &Known) -> Rule {
    uuid(&known.test_contact_id, "TEST_CONTACT_NOT_FOUND")
}

pub fn request_id(_: &Known) -> Rule {
    Rule::good(text(""))
        .wrong(NOT_UUIDS.iter().map(|wrong| text(*wrong)))
        .wrong([long(37), text(format!("{USED_ID} "))])
        .with(text(USED_ID), Expect::Argument("REQUEST_ID_REUSED", "request_id"))
}

pub fn etag(_: &Known) -> Rule {
    let mismatch = || Expect::Refused(Code::Aborted, "ETAG_MISMATCH");
    let mut rule = Rule::good(text("")).most(long(4_096)).wrong([long(4_097)]);
    for other in ["x", "W-", "W--1", "W-00", "W-987654321", "W-99999999999999999999", "\"1\""] {
        rule = rule.with(text(other), mismatch());
    }
    rule
}

pub fn portal_id(known: &Known) -> Rule {
    Rule::good(Value::I64(known.portal_id))
        .wrong([0, -1, i64::MIN].map(Value::I64))
        .with(Value::I64(i64::MAX), Expect::Refused(Code::NotFound, "PORTAL_NOT_FOUND"))
}

/// 0 means all; there is nothing to be found of an unknown one.
pub fn portal_filter(known: &Known) -> Rule {
    Rule::good(Value::I64(known.portal_id)).wrong([-1, i64::MIN].map(Value::I64))
}

pub fn watched_portal(known: &Known) -> Rule {
    portal_filter(known).with(Value::I64(i64::MAX), Expect::Refused(Code::NotFound, "PORTAL_NOT_FOUND"))
}

pub fn not_orgs(rule: Rule) -> Rule {
    let wrong =
        ["00D", "0015g000007ACME", "00D5g000007ACM!", "00D5g000007ACMEAA", "00D5g000007ACMEZZ9", "组织"];
    rule.wrong(wrong.map(text)).wrong([long(100_000)])
}

pub fn org_id(known: &Known) -> Rule {
    let unknown = Expect::Refused(Code::NotFound, "ORG_NOT_FOUND");
    not_orgs(Rule::good(text(&*known.org_id)).wrong([text("")])).with(text("00D000000000001"), unknown)
}

pub fn any_org_id(known: &Known) -> Rule {
    not_orgs(Rule::good(text(&*known.org_id)))
}

pub fn page_size(_: &Known) -> Rule {
    Rule::good(Value::I32(1)).wrong([-1, 501, i32::MAX, i32::MIN].map(Value::I32))
}

pub fn page_token(foreign: &str) -> Rule {
    let refused = || Expect::Argument("PAGE_TOKEN_INVALID", "page_token");
    let altered = format!("{foreign}A");
    Rule::good(text(""))
        .wrong([long(4_097)])
        .with(text("garbage"), refused())
        .with(text("MTpMaXN0UG9ydGFsczo"), refused())
        .with(text(foreign), refused())
        .with(text(altered), refused())
}

pub fn page_token_of_setups(known: &Known) -> Rule {
    page_token(&known.page_of_setups)
}

pub fn page_token_of_portals(known: &Known) -> Rule {
    page_token(&known.page_of_portals)
}

pub fn resume_token(foreign: &str) -> Rule {
    let refused = || Expect::Argument("RESUME_TOKEN_INVALID", "resume_token");
    let altered = format!("{foreign}A");
    Rule::good(text(""))
        .wrong([long(4_097)])
        .with(text("garbage"), refused())
        .with(text(foreign), refused())
        .with(text(altered), refused())
}

pub fn resume_of_setup(known: &Known) -> Rule {
    resume_token(&known.token_of_setup)
}

pub fn resume_of_sync(known: &Known) -> Rule {
    resume_token(&known.token_of_sync)
}

pub fn name(required: bool, max: usize) -> Rule {
    let rule = Rule::good(text("Marketing")).most(text("会".repeat(max)));
    let rule = rule.wrong([long(max + 1), text("会".repeat(max + 1))]);
    let rule = rule.wrong(["a\0b", "a\u{7}b", "a\nb", "a\u{1b}[31mb", "a\u{85}b"].map(text));
    if required { rule.wrong(["", "  "].map(text)) } else { rule }
}

pub fn stage(field: &'static str) -> Rule {
    Rule { good: Some(text("lead")), ..name(false, 255) }
        .with(text("made-up"), Expect::Argument(STAGE_UNKNOWN, field))
}

pub fn list_id(_: &Known) -> Rule {
    Rule::good(text("2"))
        .wrong(["", " ", "x", "-1", "1.5", "2; drop", "٣"].map(text))
        .wrong([text("1".repeat(33))])
        .with(text("999999"), Expect::Refused(Code::NotFound, "SMART_LIST_NOT_FOUND"))
}

/// A secret that goes into a header or a form.
pub fn line_secret(max: usize) -> Rule {
    Rule::good(text("secret")).most(long(max)).wrong([text(""), long(max + 1), text("a\nb"), text("a\0b")])
}

/// One that may be left out.
pub fn optional_secret(max: usize) -> Rule {
    let mut rule = line_secret(max);
    rule.wrong.retain(|wrong| wrong.value != Some(text("")));
    rule
}

pub fn client_id(max: usize) -> Rule {
    Rule::good(text("connector-client-id")).most(long(max)).wrong([
        text(""),
        text("  "),
        long(max + 1),
        text("a\nb"),
        text("a\0b"),
    ])
}

pub fn address(known: &Known, required: bool) -> Rule {
    let wrong = [
        "not an address",
        "acme.my.salesforce.com",
        "ftp://acme.my.salesforce.com",
        "https://a:b@acme.my.salesforce.com",
        "https://acme.my.salesforce.com/path",
        "https://acme.my.salesforce.com/?q=1",
        "https://",
    ];
    let rule = Rule::good(text(&*known.host))
        .wrong(wrong.map(text))
        .wrong([text(format!("https://{}.my.salesforce.com", "x".repeat(256)))]);
    if required { rule.wrong([text("")]) } else { rule }
}

pub fn required_address(known: &Known) -> Rule {
    address(known, true)
}

pub fn optional_address(known: &Known) -> Rule {
    address(known, false)
}

pub fn private_key(known: &Known) -> Rule {
    let framed =
        |body: &str| text(format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"));
    let cut: String =
        known.pem.lines().take(5).chain(["-----END PRIVATE KEY-----"]).collect::<Vec<_>>().join("\n");
    Rule::good(text(&*known.pem))
        .wrong(
            [
                "",
                "not a key",
                "-----BEGIN PRIVATE KEY-----",
                "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----",
            ]
            .map(text),
        )
        .wrong([framed(""), framed("MII="), framed(&"A".repeat(17_000)), text(cut)])
        .wrong([text(known.pem.replace("PRIVATE", "PUBLIC"))])
}

pub fn security_token(_: &Known) -> Rule {
    Rule { good: Some(text("token")), ..login_token() }.wrong([text("")])
}

pub fn login_token() -> Rule {
    Rule::good(text("")).most(long(128)).wrong([long(129), text("two words"), text(" "), text("a\u{7}b")])
}

pub fn chosen_enum(good: i32) -> Rule {
    Rule::good(Value::EnumNumber(good)).wrong([0, 99, -1, i32::MAX].map(Value::EnumNumber))
}

pub fn optional_enum(good: i32) -> Rule {
    Rule::good(Value::EnumNumber(good)).wrong([99, -1, i32::MIN].map(Value::EnumNumber))
}

pub fn must_be_true(reason: &'static str) -> Rule {
    let refused = || Expect::Refused(Code::FailedPrecondition, reason);
    Rule::good(Value::Bool(true)).with(Value::Bool(false), refused()).left_out(refused())
}

pub fn not_eligible(rule: Rule, values: &[i32], reason: &'static str) -> Rule {
    values.iter().fold(rule, |rule, value| {
        rule.with(Value::EnumNumber(*value), Expect::Refused(Code::FailedPrecondition, reason))
    })
}

pub fn subscription(_: &Known) -> Rule {
    not_eligible(optional_enum(3), &[0, 1, 2], "HUBSPOT_SUBSCRIPTION_NOT_ELIGIBLE")
}

pub fn list_of(values: Vec<Value>) -> Value {
    Value::List(values)
}

pub fn stages(_: &Known) -> Rule {
    let many = |count: usize| list_of((0..count).map(|number| text(format!("stage-{number}"))).collect());
    Rule::default()
        .most(many(50))
        .wrong([many(51)])
        .left_out(Expect::Field)
        .with(list_of(vec![text("lead"), text("lead")]), Expect::Fields(&["lifecycle_stages[1]"]))
}

pub fn stage_entry(_: &Known) -> Rule {
    Rule { good: Some(text("lead")), ..name(true, 255) }
        .with(text("made-up"), Expect::Argument(STAGE_UNKNOWN, "lifecycle_stages"))
}

pub fn credential(_: &Known) -> Rule {
    Rule::default().left_out(Expect::Field)
}

/// A moment's seconds; what is wrong with it is told of the moment.
pub fn seconds(moment: &'static [&'static str]) -> Rule {
    let rule = Rule::good(Value::I64(1_790_000_000));
    [-62_135_596_801, 253_402_300_800, i64::MIN, i64::MAX]
        .into_iter()
        .fold(rule, |rule, seconds| rule.with(Value::I64(seconds), Expect::Fields(moment)))
}

/// The same of its nanoseconds.
pub fn nanos(moment: &'static [&'static str]) -> Rule {
    [-1, 1_000_000_000, i32::MIN, i32::MAX]
        .into_iter()
        .fold(Rule::good(Value::I32(0)), |rule, nanos| rule.with(Value::I32(nanos), Expect::Fields(moment)))
}
