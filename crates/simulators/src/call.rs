//! A request to a simulated vendor, and its answer.

use std::time::Duration;

use axum::body;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

/// Five files of 5 MB and some margin: more than either vendor accepts.
const BODY_BYTES: usize = 40 * 1024 * 1024;
/// A request, read to its end.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The answer of a vendor.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// How long the vendor waits before it answers.
    pub(super) after: Duration,
}

impl Call {
    pub(super) async fn read(request: Request) -> Option<Self> {
        let (parts, stream) = request.into_parts();
        let body = body::to_bytes(stream, BODY_BYTES).await.ok()?;
        let query = parts.uri.query().unwrap_or_default();
        Some(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers: parts.headers,
            body,
        })
    }

    /// The parts of the path between its slashes.
    pub(super) fn segments(&self) -> Vec<&str> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect()
    }

    /// The last value of a query parameter, which is the one that PHP uses.
    pub(super) fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header's value, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the body is declared to have this type.
    pub(super) fn is(&self, content_type: &str) -> bool {
        self.header("content-type").is_some_and(|given| {
            let essence = given.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case(content_type)
        })
    }

    /// The body's fields if it is a form; else none.
    pub(super) fn form(&self) -> Vec<(String, String)> {
        if self.is("application/x-www-form-urlencoded") {
            form_urlencoded::parse(&self.body).into_owned().collect()
        } else {
            Vec::new()
        }
    }

    /// The query as an object of strings.
    pub(super) fn query_json(&self) -> Value {
        object_of_strings(&self.query)
    }

    /// The body: JSON, a form as an object of strings, or else a string; `null` if empty.
    pub(super) fn body_json(&self) -> Value {
        if self.body.is_empty() {
            Value::Null
        } else if self.is("application/x-www-form-urlencoded") {
            object_of_strings(&self.form())
        } else {
            serde_json::from_slice(&self.body)
                .unwrap_or_else(|_| json!(String::from_utf8_lossy(&self.body)))
        }
    }
}

fn object_of_strings(pairs: &[(String, String)]) -> Value {
    let object: Map<String, Value> = pairs
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    Value::Object(object)
}

impl Answer {
    /// An answer without a delay.
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
            after: Duration::ZERO,
        }
    }

    /// A JSON answer without a delay.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// An answer that a test has prepared.
    pub(super) fn canned(status: u16, headers: Vec<(String, String)>, body: String) -> Self {
        Self {
            status,
            headers,
            body: body.into_bytes(),
            after: Duration::ZERO,
        }
    }

    pub(super) fn into_response(self) -> Response {
        let mut builder = Response::builder().status(self.status);
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        builder
            .body(body::Body::from(self.body))
            .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}
