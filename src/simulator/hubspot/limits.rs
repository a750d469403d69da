//! Rate limits: a rolling window of ten seconds per app, calls per day per account, and five searches a second.

use std::collections::{HashMap, VecDeque};

use http::{HeaderName, StatusCode};
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use super::{
    error::{Failure, Outcome, RateLimit},
    fixture::PortalFixture,
};

/// Calls in ten seconds of an OAuth app, for each account that installed it.
const OAUTH_PER_TEN_SECONDS: u32 = 110;
/// Searches in a second, for the whole account.
const SEARCHES_PER_SECOND: usize = 5;
const WINDOW: Duration = Duration::seconds(10);

/// What a call is charged to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum App {
    /// A static token, by its position among the portal's tokens.
    Static(usize),
    /// An OAuth app, by client id.
    OAuth(String),
}

/// Counters of one portal.
#[derive(Debug, Default)]
pub(super) struct Limits {
    windows: HashMap<App, VecDeque<OffsetDateTime>>,
    searches: VecDeque<OffsetDateTime>,
    day: Option<(Date, u64)>,
}

/// The headers of an answer, in HubSpot's spelling.
pub(super) type RateHeaders = Vec<(HeaderName, String)>;

impl Limits {
    /// Charges a call; the failure is the 429 that HubSpot would answer.
    pub(super) fn charge(
        &mut self,
        app: &App,
        is_search: bool,
        settings: &PortalFixture,
        now: OffsetDateTime,
    ) -> Outcome<RateHeaders> {
        let is_static = matches!(app, App::Static(_));
        let used_today = self.used_today(settings, now);
        if is_static && used_today >= settings.limit_per_day() {
            return Err(too_many("You have reached your daily limit.", "DAILY", None));
        }
        if is_search {
            expire(&mut self.searches, now, Duration::SECOND);
            if self.searches.len() >= SEARCHES_PER_SECOND {
                return Err(too_many("You have reached your secondly limit.", "SECONDLY", None));
            }
            self.searches.push_back(now);
            self.count_day(settings, now, is_static);
            return Ok(Vec::new());
        }
        let headers = self.charge_window(app, settings, now)?;
        self.count_day(settings, now, is_static);
        if !is_static {
            return Ok(headers);
        }
        let daily = settings.limit_per_day();
        let remaining = daily.saturating_sub(used_today + 1);
        let daily = [
            header("x-hubspot-ratelimit-daily", daily.to_string()),
            header("x-hubspot-ratelimit-daily-remaining", remaining.to_string()),
        ];
        Ok(headers.into_iter().chain(daily).collect())
    }

    fn charge_window(
        &mut self,
        app: &App,
        settings: &PortalFixture,
        now: OffsetDateTime,
    ) -> Outcome<RateHeaders> {
        let (most, app_kind) = match app {
            App::Static(_) => (settings.limit_per_ten_seconds(), "private_app"),
            App::OAuth(_) => (settings.burst_limit.unwrap_or(OAUTH_PER_TEN_SECONDS), "oauth_app"),
        };
        let window = self.windows.entry(app.clone()).or_default();
        expire(window, now, WINDOW);
        let used = u32::try_from(window.len()).unwrap_or(u32::MAX);
        if used >= most {
            let group =
                format!("publicapi:{app_kind}-api-calls-ten-secondly:{}:26892217", settings.portal_id);
            let message = "You have reached your ten_secondly_rolling limit.";
            return Err(too_many(message, "TEN_SECONDLY_ROLLING", Some(group)));
        }
        window.push_back(now);
        Ok(vec![
            header("x-hubspot-ratelimit-interval-milliseconds", "10000".to_owned()),
            header("x-hubspot-ratelimit-max", most.to_string()),
            header("x-hubspot-ratelimit-remaining", (most - used - 1).to_string()),
            header("x-hubspot-ratelimit-secondly", (most / 10).to_string()),
            header("x-hubspot-ratelimit-secondly-remaining", (most / 10).saturating_sub(1).to_string()),
        ])
    }

    /// Calls of static tokens since the account's midnight, with those that the fixture says others made.
    pub(super) fn used_today(&self, settings: &PortalFixture, now: OffsetDateTime) -> u64 {
        let counted = self.day.filter(|(day, _)| *day == local(settings, now).date()).map_or(0, |(_, n)| n);
        counted + settings.daily_used
    }

    fn count_day(&mut self, settings: &PortalFixture, now: OffsetDateTime, is_static: bool) {
        if !is_static {
            return;
        }
        let today = local(settings, now).date();
        match &mut self.day {
            Some((day, count)) if *day == today => *count += 1,
            day => *day = Some((today, 1)),
        }
    }
}

/// When the daily limit starts anew.
pub(super) fn resets_at(settings: &PortalFixture, now: OffsetDateTime) -> OffsetDateTime {
    let here = local(settings, now);
    let tomorrow = here.date().next_day().unwrap_or(here.date());
    tomorrow.midnight().assume_offset(here.offset()).to_offset(UtcOffset::UTC)
}

fn local(settings: &PortalFixture, now: OffsetDateTime) -> OffsetDateTime {
    let offset = UtcOffset::from_whole_seconds(i32::from(settings.utc_offset_minutes) * 60);
    now.to_offset(offset.unwrap_or(UtcOffset::UTC))
}

/// Drops what is older than the window; also what a clock moved back has put into the future.
fn expire(window: &mut VecDeque<OffsetDateTime>, now: OffsetDateTime, span: Duration) {
    window.retain(|at| *at <= now && now - *at < span);
}

fn header(name: &'static str, value: String) -> (HeaderName, String) {
    (HeaderName::from_static(name), value)
}

fn too_many(message: &str, policy: &'static str, group: Option<String>) -> Failure {
    let mut failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, None, message);
    failure.rate_limit = Some(Box::new(RateLimit { policy, group }));
    failure
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

    fn policy(failure: &Failure) -> Option<&'static str> {
        failure.rate_limit.as_ref().map(|limit| limit.policy)
    }

    #[test]
    fn the_window_rolls_and_names_its_policy() {
        let settings = PortalFixture { burst_limit: Some(3), ..PortalFixture::new(1) };
        let mut limits = Limits::default();
        let app = App::Static(0);
        for second in 0..3 {
            limits.charge(&app, false, &settings, NOON + Duration::seconds(second)).unwrap();
        }
        let refused = limits.charge(&app, false, &settings, NOON + Duration::seconds(9)).unwrap_err();
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(policy(&refused), Some("TEN_SECONDLY_ROLLING"));
        limits.charge(&app, false, &settings, NOON + Duration::seconds(10)).unwrap();
        limits.charge(&App::OAuth("other".to_owned()), false, &settings, NOON).unwrap();
    }

    #[test]
    fn the_day_ends_at_the_accounts_midnight() {
        let settings = PortalFixture {
            daily_limit: Some(5),
            daily_used: 4,
            utc_offset_minutes: 540,
            ..PortalFixture::new(1)
        };
        let mut limits = Limits::default();
        let app = App::Static(0);
        limits.charge(&app, false, &settings, NOON).unwrap();
        assert_eq!(policy(&limits.charge(&app, false, &settings, NOON).unwrap_err()), Some("DAILY"));
        assert_eq!(resets_at(&settings, NOON), datetime!(2026-11-23 15:00 UTC));
        limits.charge(&app, false, &settings, datetime!(2026-11-23 15:00 UTC)).unwrap();
    }

    #[test]
    fn the_sixth_search_of_a_second_is_refused_for_every_app() {
        let settings = PortalFixture::new(1);
        let mut limits = Limits::default();
        for turn in 0..5 {
            let headers = limits.charge(&App::Static(turn), true, &settings, NOON).unwrap();
            assert!(headers.is_empty());
        }
        let refused = limits.charge(&App::Static(9), true, &settings, NOON).unwrap_err();
        assert_eq!(policy(&refused), Some("SECONDLY"));
        limits.charge(&App::Static(9), true, &settings, NOON + Duration::SECOND).unwrap();
    }
}
