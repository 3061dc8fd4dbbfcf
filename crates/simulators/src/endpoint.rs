//! The endpoint of a simulated vendor: reads a request completely, has `faults` record it, answers it or plays its
//! fault, and writes the traffic log. Knows nothing of what the vendors do.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use url::form_urlencoded;

use crate::call::{Answer, Call};
use crate::faults;
use crate::faults::Faults;
use crate::traffic_log::{Content, Edge, Started, Target, TrafficLog, pairs};

/// What an endpoint serves.
pub(super) trait Vendor: Clone + Send + Sync + 'static {
    /// The name of the route for faults and tests.
    fn route(&self, call: &Call) -> String;
    /// Does what was asked, or refuses as the real vendor would.
    fn act(&self, call: &Call) -> impl Future<Output = Answer> + Send;
    /// The call in one sentence, for the traffic log.
    fn summary(&self, call: &Call, answer: &Answer) -> String;
}

/// The endpoint of one vendor.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) edge: Edge,
    pub(super) traffic: TrafficLog,
    pub(super) faults: Faults,
}

impl Endpoint {
    /// Serves a request to its end, even if the caller hangs up before.
    pub(super) async fn serve(&self, request: Request, vendor: impl Vendor) -> Response {
        let endpoint = self.clone();
        let task = tokio::spawn(async move { endpoint.run(request, &vendor).await });
        match task.await {
            Ok(answer) => answer.into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    async fn run(&self, request: Request, vendor: &impl Vendor) -> Answer {
        let _underway = self.traffic.begin();
        let Some(call) = Call::read(request).await else {
            return Answer::new(413, "text/plain", "too large");
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&call.query)
            .finish();
        let origin = format!("http://{}", call.header("host").unwrap_or_default());
        let target = Target {
            origin: &origin,
            path: &call.path,
            query: Some(&query),
        };
        let request = Content::new(pairs(&call.headers), &call.body);
        let started = Started::now(self.edge, call.method.as_str(), &target, request);
        let fault = self.faults.note(&vendor.route(&call), &call);
        let answer = faults::play(fault, vendor.act(&call)).await;
        tokio::time::sleep(answer.after).await;
        let summary = vendor.summary(&call, &answer);
        let content = Content::new(answer.headers.clone(), &answer.body);
        let answered = Some((answer.status, content));
        self.traffic.finish(started, answered, summary);
        answer
    }
}
