//! Sends a vendor's posts to the service and records them in the traffic log. Each call is one attempt; a caller that
//! wants retries makes them.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};
use url::Url;

use crate::traffic_log::{Content, Edge, Started, Target, TrafficLog, pairs};

const JSON: &str = "application/json";

/// The connection of one vendor to the service.
#[derive(Clone, Debug)]
pub(super) struct WebhookSender {
    pub(super) http: Client,
    pub(super) traffic: TrafficLog,
    pub(super) edge: Edge,
}

/// One post to the service.
pub(super) struct Parcel {
    pub(super) url: Url,
    /// Headers beside the content type, which is always JSON.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// The sentence for the traffic log.
    pub(super) summary: String,
    /// How long the vendor waits for an answer.
    pub(super) patience: Duration,
}

impl WebhookSender {
    /// Posts it once. Returns the status of the answer, or `None` if there was no answer.
    pub(super) async fn post(&self, parcel: Parcel) -> Option<u16> {
        let _underway = self.traffic.begin();
        let started = self.started(&parcel);
        let mut request = self
            .http
            .post(parcel.url)
            .timeout(parcel.patience)
            .header(CONTENT_TYPE, JSON)
            .body(parcel.body);
        for (name, value) in parcel.headers {
            request = request.header(name, value);
        }
        let answer = answer_to(request).await;
        let status = answer.as_ref().map(|(status, _)| *status);
        self.traffic.finish(started, answer, parcel.summary);
        status
    }

    fn started(&self, parcel: &Parcel) -> Started {
        let kind = [(CONTENT_TYPE.to_string(), JSON.to_owned())];
        let others = parcel.headers.iter();
        let others = others.map(|(name, value)| ((*name).to_owned(), value.clone()));
        let headers = kind.into_iter().chain(others).collect();
        let target = Target {
            origin: &parcel.url.origin().ascii_serialization(),
            path: parcel.url.path(),
            query: parcel.url.query(),
        };
        let request = Content::new(headers, &parcel.body);
        Started::now(self.edge, "POST", &target, request)
    }
}

/// The status of the answer and what is in it. A body that breaks off counts as empty.
async fn answer_to(request: RequestBuilder) -> Option<(u16, Content)> {
    let answer = request.send().await.ok()?;
    let (status, headers) = (answer.status().as_u16(), pairs(answer.headers()));
    let body = answer.bytes().await.unwrap_or_default();
    Some((status, Content::new(headers, &body)))
}
