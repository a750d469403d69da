//! `login()`.

use time::OffsetDateTime;

use super::{Dialect, Fault, LAST_LOGIN_VERSION, success};
use crate::simulator::salesforce::{
    Salesforce,
    answer::Answer,
    auth::{self, Principal, Refusal},
    fixture::UserFixture,
    ids,
    org::Org,
    request::Incoming,
    rows::profile_id,
    world::{Session, World},
    xml::{Element, escaped},
};

/// The first version that is known to have `orgDefaultCurrencyLocale` in its user info; v35 has not.
const CURRENCY_LOCALE_SINCE: u16 = 38;

/// The first version that is known to have `chatterExternal` in its user info; v38 has not.
const CHATTER_EXTERNAL_SINCE: u16 = 40;

const INVALID: &str = "Invalid username, password, security token; or user locked out.";

/// The curly apostrophe is Salesforce's.
const TOKEN_NEEDED: &str = "Invalid username, password, security token; or user locked out. Are you at a new \
    location? When accessing Salesforce--either via a desktop client or the API--from outside of your company’s \
    trusted networks, you must add a security token to your password to log in. To get your new security token, log in \
    to Salesforce. From your personal settings, enter Reset My Security Token in the Quick Find box, then select Reset \
    My Security Token.";

pub(super) fn handle(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    dialect: Dialect,
    call: &Element,
    now: OffsetDateTime,
) -> (Answer, Option<String>) {
    let username = call.child_text("username").trim().to_lowercase();
    let principal = Some(username.clone()).filter(|name| !name.is_empty());
    if dialect.version > LAST_LOGIN_VERSION {
        let message = "SOAP API login() is not available in API version 65.0 and later.";
        let fault = Fault::new("UnexpectedErrorFault", "UNSUPPORTED_API_VERSION", message);
        return (fault.answer(dialect).kind("soap_login"), principal);
    }
    let credentials = (username.as_str(), call.child_text("password"));
    let answer = match auth::login(world, request, &simulator.frame().journal, credentials, true, now) {
        Ok(who) => opened(simulator, world, request, dialect, &who, now),
        Err(refusal) => Err(fault(refusal)),
    };
    (answer.unwrap_or_else(|fault| fault.answer(dialect)).kind("soap_login"), principal)
}

fn fault(refusal: Refusal) -> Fault {
    let (code, message) = match refusal {
        // Only the login history says LOGIN_RATE_EXCEEDED; the WSDL has no such code.
        Refusal::Invalid | Refusal::TooOften => ("INVALID_LOGIN", INVALID),
        Refusal::TokenNeeded => ("LOGIN_MUST_USE_SECURITY_TOKEN", TOKEN_NEEDED),
        Refusal::SoapLoginDisabled => {
            ("INVALID_OPERATION", "SOAP API login() is disabled by default in this org.")
        }
        Refusal::ApiDisabledForOrg => {
            ("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
        }
        Refusal::ApiDisabledForUser => ("API_CURRENTLY_DISABLED", "API is disabled for this User"),
        Refusal::TrialExpired => ("TRIAL_EXPIRED", "trial expired"),
    };
    Fault::new("LoginFault", code, message)
}

fn opened(
    simulator: &Salesforce,
    world: &mut World,
    request: &Incoming,
    dialect: Dialect,
    who: &Principal,
    now: OffsetDateTime,
) -> Result<Answer, Fault> {
    let token = world.open_session(Session {
        org_id: who.org_id.clone(),
        user_id: who.user_id.clone(),
        issued: now,
        last_used: now,
        password_expired: who.password_expired,
        client_id: None,
        scope: "full".to_owned(),
    });
    let found = world.orgs.get(&who.org_id).and_then(|org| org.user(&who.user_id).map(|user| (org, user)));
    let (org, user) = found.ok_or_else(|| fault(Refusal::Invalid))?;
    let base = simulator.answered_url(org, request);
    let short = ids::short(&org.id);
    let version = dialect.version;
    let letter = if dialect.name == "partner" { 'u' } else { 'c' };
    let inner = format!(
        "<result><metadataServerUrl>{base}/services/Soap/m/{version}.0/{short}</metadataServerUrl>\
         <passwordExpired>{expired}</passwordExpired><sandbox>{sandbox}</sandbox>\
         <serverUrl>{base}/services/Soap/{letter}/{version}.0/{short}</serverUrl><sessionId>{token}</sessionId>\
         <userId>{user_id}</userId><userInfo>{info}</userInfo></result>",
        base = escaped(&base),
        expired = who.password_expired,
        sandbox = org.fixture.is_sandbox,
        user_id = who.user_id,
        info = user_info(org, user, version),
    );
    Ok(success(dialect, "", "login", &inner))
}

/// The elements of `userInfo`, in the order of the WSDL.
pub(super) fn user_info(org: &Org, user: &UserFixture, version: u16) -> String {
    let since = |first: u16, element: &'static str| if version >= first { element } else { "" };
    let chatter = since(CHATTER_EXTERNAL_SINCE, "<chatterExternal>false</chatterExternal>");
    let locale = since(CURRENCY_LOCALE_SINCE, "<orgDefaultCurrencyLocale>en_US</orgDefaultCurrencyLocale>");
    format!(
        "<accessibilityMode>false</accessibilityMode>{chatter}<currencySymbol>$</currencySymbol>\
         <orgAttachmentFileSizeLimit>5242880</orgAttachmentFileSizeLimit>\
         <orgDefaultCurrencyIsoCode>USD</orgDefaultCurrencyIsoCode>\
         {locale}\
         <orgDisallowHtmlAttachments>false</orgDisallowHtmlAttachments>\
         <orgHasPersonAccounts>false</orgHasPersonAccounts><organizationId>{org_id}</organizationId>\
         <organizationMultiCurrency>false</organizationMultiCurrency>\
         <organizationName>{org_name}</organizationName><profileId>{profile}</profileId><roleId xsi:nil=\"true\"/>\
         <sessionSecondsValid>{seconds}</sessionSecondsValid><userDefaultCurrencyIsoCode xsi:nil=\"true\"/>\
         <userEmail>{email}</userEmail><userFullName>{full_name}</userFullName><userId>{user_id}</userId>\
         <userLanguage>en_US</userLanguage><userLocale>en_US</userLocale><userName>{username}</userName>\
         <userTimeZone>America/Los_Angeles</userTimeZone><userType>Standard</userType>\
         <userUiSkin>Theme3</userUiSkin>",
        org_id = org.id,
        org_name = escaped(&org.fixture.name),
        profile = profile_id(org, &user.profile),
        seconds = org.fixture.session_seconds,
        email = escaped(&user.email),
        full_name = escaped(&user.full_name()),
        user_id = user.id.as_deref().unwrap_or_default(),
        username = escaped(&user.username),
    )
}
