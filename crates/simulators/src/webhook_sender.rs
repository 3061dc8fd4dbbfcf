//! Sends a vendor's posts to the service and records them in the traffic log. Each call is one attempt; a caller that
//! wants retries makes them.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use url::Url;

use crate::traffic_log::{Edge, Started, TrafficLog};

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
        let started = Started::now(self.edge, "POST", parcel.url.path(), parcel.url.query());
        let mut request = self
            .http
            .post(parcel.url)
            .timeout(parcel.patience)
            .header(CONTENT_TYPE, "application/json")
            .body(parcel.body);
        for (name, value) in parcel.headers {
            request = request.header(name, value);
        }
        let status = request
            .send()
            .await
            .ok()
            .map(|answer| answer.status().as_u16());
        self.traffic.finish(started, status, parcel.summary);
        status
    }
}
