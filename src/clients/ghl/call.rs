//! One call: the request, its time limits, and the answer.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::clients::ghl::error::{classify, describe, trace};
use crate::clients::ghl::{Advice, CallError, Client, Grant, TOKEN_TIMEOUT, limits};
use crate::clients::{endpoint, scrub};
use crate::model::reason::Answer as Answered;

/// GHL answers in seconds; its own gateway gives up at half a minute.
const TIMEOUT: Duration = Duration::from_secs(30);

impl Client {
    pub(super) fn request(
        &self,
        method: Method,
        path: &[&str],
        version: &str,
        token: &SecretString,
    ) -> RequestBuilder {
        self.http
            .request(method, endpoint(&self.settings.api_base, path))
            .bearer_auth(token.expose_secret())
            .header("Version", version)
    }

    pub(super) async fn call(&self, request: RequestBuilder) -> Result<Answer, CallError> {
        self.call_within(TIMEOUT, request).await
    }

    async fn call_within(
        &self,
        timeout: Duration,
        request: RequestBuilder,
    ) -> Result<Answer, CallError> {
        self.call_for_body(timeout, request)
            .await
            .map_err(|(error, _)| error)
    }

    /// As [`Client::call`], with the body of a refusal.
    pub(super) async fn call_with_refusal(
        &self,
        request: RequestBuilder,
    ) -> Result<Answer, (CallError, Value)> {
        self.call_for_body(TIMEOUT, request).await
    }

    async fn call_for_body(
        &self,
        timeout: Duration,
        request: RequestBuilder,
    ) -> Result<Answer, (CallError, Value)> {
        let unreachable = |error| (unreachable(error), Value::Null);
        let response = request
            .header("Accept", "application/json")
            .timeout(timeout)
            .send()
            .await
            .map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        self.latest_limits.set(limits::read(status, &headers));
        let bytes = response.bytes().await.map_err(unreachable)?;
        let body = whatsapp_events::json::parse(&bytes).unwrap_or_default();
        if status.is_success() {
            Ok(Answer {
                status,
                is_empty: bytes.trim_ascii().is_empty(),
                body,
            })
        } else {
            Err((classify(status, &headers, &bytes, &body), body))
        }
    }

    pub(super) async fn grant(&self, request: RequestBuilder) -> Result<Grant, CallError> {
        let answer = self.call_within(TOKEN_TIMEOUT, request).await?;
        Grant::read(&answer.body).ok_or_else(|| answer.incomplete("an access token"))
    }
}

fn unreachable(error: reqwest::Error) -> CallError {
    CallError {
        advice: Advice::Retry,
        status: None,
        may_have_arrived: !error.is_connect(),
        is_outage: true,
        is_final: false,
        // Without the address, which may hold a phone number.
        detail: Answered::GhlUnreachable {
            words: scrub(&error.without_url().to_string()),
        }
        .into(),
    }
}

/// A 2xx answer. A body that is not JSON is read as null, and is then incomplete.
pub(super) struct Answer {
    status: StatusCode,
    /// There was no body at all.
    is_empty: bool,
    pub(super) body: Value,
}

impl Answer {
    /// Fails if there is a body that is not JSON: a proxy answered.
    pub(super) fn expect_json(&self) -> Result<(), CallError> {
        if self.is_empty || !self.body.is_null() {
            return Ok(());
        }
        Err(self.incomplete("JSON"))
    }

    /// The error for an answer that lacks a required field. An empty answer means that GHL did nothing
    /// (`docs/vendors/ghl.md#posting-a-message`).
    pub(super) fn incomplete(&self, missing: &str) -> CallError {
        CallError {
            advice: Advice::Retry,
            status: Some(self.status.as_u16()),
            may_have_arrived: !self.is_empty,
            // A page where an answer was expected.
            is_outage: !self.is_empty && self.body.is_null(),
            is_final: false,
            detail: Answered::GhlIncomplete {
                status: self.status.as_u16(),
                missing: missing.to_owned(),
                trace: trace(&self.body),
            }
            .into(),
        }
    }
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(answer: Answer) -> Result<T, CallError> {
    let Answer { status, body, .. } = answer;
    let trace = body.get("traceId").cloned();
    serde_json::from_value(body).map_err(|error| CallError {
        advice: Advice::Retry,
        status: Some(status.as_u16()),
        may_have_arrived: true,
        is_outage: false,
        is_final: false,
        detail: describe(status, &error.to_string(), &json!({"traceId": trace})),
    })
}
