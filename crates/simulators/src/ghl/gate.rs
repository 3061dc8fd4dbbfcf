//! The checks of GHL before a route runs: Version header, bearer token, class of the token, rate limits. The texts
//! are the platform's own.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::call::{Answer, Call};
use crate::clock;

/// The versions that the platform knows; any other is a bad request.
const VERSIONS: [&str; 4] = ["2021-04-15", "2021-07-28", "2023-02-21", "v3"];
/// GHL's burst limit for an app at one location or company, in calls.
pub(super) const BURST: usize = 100;
/// GHL's daily limit, counted in the same way.
const DAILY: usize = 200_000;

pub(super) const NO_VERSION: &str = "version header was not found.";
pub(super) const INVALID_JWT: &str = "Invalid JWT";
pub(super) const WRONG_CLASS: &str = "This authClass type is not allowed to access this scope. \
    Please verify your IAM configuration if this is not the case.";
pub(super) const WRONG_LOCATION: &str = "The token does not have access to this location.";

/// A refusal in the platform's usual shape.
pub(super) fn refuse(status: u16, message: &str) -> Answer {
    let body = json!({ "statusCode": status, "message": message, "traceId": clock::trace_id() });
    Answer::json(status, &body)
}

/// A refusal of a body that names all its errors.
pub(super) fn invalid(wrong: &[String]) -> Answer {
    let body = json!({
        "statusCode": 422,
        "message": wrong,
        "error": "Unprocessable Entity",
        "traceId": clock::trace_id(),
    });
    Answer::json(422, &body)
}

/// The answer to an unknown path, method or version.
pub(super) fn not_found(call: &Call) -> Answer {
    let message = format!("Cannot {} {}", call.method, call.path);
    let body = json!({ "statusCode": 404, "message": message, "error": "Not Found" });
    Answer::json(404, &body)
}

/// Checks that the Version header exists, is known, and is the one of this route.
pub(super) fn check_version(call: &Call, wanted: &str) -> Result<(), Answer> {
    let given = call
        .header("version")
        .ok_or_else(|| refuse(401, NO_VERSION))?;
    if !VERSIONS.contains(&given) {
        let message = format!("Invalid API version segment '{given}' at position 0");
        return Err(refuse(400, &message));
    }
    if given == wanted {
        Ok(())
    } else {
        Err(not_found(call))
    }
}

/// The token in the Authorization header.
pub(super) fn bearer(call: &Call) -> Option<&str> {
    call.header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
}

/// `property X should not exist` for each field that is not in `known`.
pub(super) fn unknown_fields<'a>(
    names: impl IntoIterator<Item = &'a str>,
    known: &[&str],
) -> Vec<String> {
    names
        .into_iter()
        .filter(|name| !known.contains(name))
        .map(|name| format!("property {name} should not exist"))
        .collect()
}

/// The body as a JSON object. Anything else is treated as the platform's parser treats it.
pub(super) fn json_body(call: &Call) -> Result<serde_json::Map<String, Value>, Answer> {
    if !call.is("application/json") || call.body.is_empty() {
        return Ok(serde_json::Map::new());
    }
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(refuse(400, "Bad Request")),
        Err(error) => Err(refuse(400, &format!("Unexpected token in JSON: {error}"))),
    }
}

/// Counts the calls of each location and company.
#[derive(Default)]
pub(super) struct Limiter {
    windows: HashMap<String, VecDeque<Instant>>,
    days: HashMap<(String, i32), usize>,
    /// Replaces [`BURST`] if set.
    pub(super) burst: Option<usize>,
}

/// The limiter's decision about one call.
pub(super) struct Quota {
    pub(super) allowed: bool,
    headers: Vec<(String, String)>,
}

impl Limiter {
    /// Counts a call of `subject`. A call without a subject is not counted.
    pub(super) fn count(&mut self, subject: Option<&str>, window: Duration) -> Quota {
        let burst = self.burst.unwrap_or(BURST);
        let today = clock::now().to_julian_day();
        let Some(subject) = subject else {
            return Quota::new(true, burst, burst, DAILY, window);
        };
        let calls = self.windows.entry(subject.to_owned()).or_default();
        let now = clock::instant();
        while calls
            .front()
            .is_some_and(|at| now.saturating_duration_since(*at) >= window)
        {
            calls.pop_front();
        }
        let day = self.days.entry((subject.to_owned(), today)).or_default();
        let allowed = calls.len() < burst && *day < DAILY;
        if allowed {
            calls.push_back(now);
            *day += 1;
        }
        Quota::new(
            allowed,
            burst,
            burst.saturating_sub(calls.len()),
            DAILY - *day,
            window,
        )
    }
}

impl Quota {
    fn new(allowed: bool, burst: usize, left: usize, left_today: usize, window: Duration) -> Self {
        let now = clock::now();
        let midnight = now.replace_time(time::Time::MIDNIGHT) + time::Duration::DAY;
        let midnight_ms = (midnight - now).whole_milliseconds();
        let headers = [
            ("x-ratelimit-max", burst.to_string()),
            ("x-ratelimit-remaining", left.to_string()),
            (
                "x-ratelimit-interval-milliseconds",
                window.as_millis().to_string(),
            ),
            ("x-ratelimit-limit-daily", DAILY.to_string()),
            ("x-ratelimit-daily-remaining", left_today.to_string()),
            ("x-ratelimit-daily-reset", midnight_ms.to_string()),
        ];
        let headers = headers
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec();
        Self { allowed, headers }
    }

    /// Adds the headers of the limits to an answer.
    pub(super) fn stamp(self, mut answer: Answer) -> Answer {
        answer.headers.extend(self.headers);
        answer
    }
}
