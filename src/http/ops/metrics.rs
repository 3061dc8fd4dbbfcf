//! `GET /metrics`: the state of the service, for Prometheus.
//!
//! Owns names and labels. No label holds a location or a phone number, so labels do not grow with the customers.
//! Counters count what this process did since it started; gauges show the database, and are the same from each process.
//! Prometheus does not wait long: if the database is slow or down, the answer says so and has the rest.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tracing::{error, warn};

use crate::clients::waapify::HoldReason;
use crate::db::connection::Pool;
use crate::db::views::queue_counts;
use crate::db::views::queue_counts::Counts;
use crate::http::HttpState;
use crate::http::layers::Quiet;
use crate::model::states::{InstallStatus, OwnerKind, TokenProblem};
use crate::runtime::clock::Clock;
use crate::runtime::counters::Counters;

/// Longest wait for the counts, including the wait for other scrapes. Prometheus waits ten seconds by default.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// The name of Prometheus' own format since it became a standard.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Gauges<const N: usize> = Family<[(&'static str, String); N], Gauge>;

/// State that all scrapes share.
#[derive(Debug)]
pub struct ScrapeState {
    counters: Counters,
    started_at: OffsetDateTime,
    /// Lets one scrape at a time query the database, so that scrapes do not pile up there.
    turn: Mutex<()>,
}

impl ScrapeState {
    /// The state of a process that started at `started_at`.
    #[must_use]
    pub fn new(counters: Counters, started_at: OffsetDateTime) -> Self {
        Self {
            counters,
            started_at,
            turn: Mutex::default(),
        }
    }

    async fn read(&self, pool: &Pool) -> Option<Counts> {
        let read = async {
            let _turn = self.turn.lock().await;
            queue_counts::read_counts(pool).await
        };
        match tokio::time::timeout(MAX_WAIT, read).await {
            Ok(Ok(counts)) => Some(counts),
            Ok(Err(error)) => {
                warn!(%error, "the queues could not be counted");
                None
            }
            Err(_) => {
                warn!("the queues could not be counted in time");
                None
            }
        }
    }
}

/// Answers a scrape.
pub(in crate::http) async fn show(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    let Some(token) = &state.admin_token else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Err(refused) = state.admin.check_header(token, &headers).await {
        return refused.into_response();
    }
    let counts = state.scrape_state.read(&state.pool).await;
    let mut registry = Registry::default();
    register_process(&mut registry, state.scrape_state.started_at);
    let ours = registry.sub_registry_with_prefix("waapify_ghl");
    register_build(ours);
    register_pool(ours, &state.pool, counts.is_some());
    register_clock(ours, &state.clock);
    state.scrape_state.counters.register(ours);
    if let Some(counts) = &counts {
        register_counts(ours, counts, state.clock.now());
    }
    let mut text = String::new();
    if let Err(error) = encode(&mut text, &registry) {
        error!(%error, "the metrics could not be written");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    (Extension(Quiet), [(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn register_process(registry: &mut Registry, started_at: OffsetDateTime) {
    let process = registry.sub_registry_with_prefix("process");
    let started = Gauge::<i64>::default();
    started.set(started_at.unix_timestamp());
    process.register_with_unit(
        "start_time",
        "When the process started, in seconds since 1970",
        Unit::Seconds,
        started,
    );
    if let Some(bytes) = resident_bytes() {
        let resident = Gauge::<i64>::default();
        resident.set(bytes);
        process.register_with_unit(
            "resident_memory",
            "Memory that the process has in use",
            Unit::Bytes,
            resident,
        );
    }
}

/// Resident memory as Linux reports it; none on other systems.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn register_build(registry: &mut Registry) {
    let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "What runs", build);
}

fn register_pool(registry: &mut Registry, pool: &Pool, answers: bool) {
    gauge(
        registry,
        "database_up",
        "1 if the database answered this scrape in time",
        i64::from(answers),
    );
    let idle = i64::try_from(pool.num_idle()).unwrap_or(i64::MAX);
    let connections = Family::<[(&str, &str); 1], Gauge>::default();
    connections.get_or_create(&[("state", "idle")]).set(idle);
    connections
        .get_or_create(&[("state", "used")])
        .set(i64::from(pool.size()) - idle);
    registry.register(
        "database_connections",
        "Connections of this process to the database",
        connections,
    );
}

fn register_clock(registry: &mut Registry, clock: &Clock) {
    let ahead = Gauge::<f64, AtomicU64>::default();
    ahead.set(clock.system_ahead().as_seconds_f64());
    registry.register_with_unit(
        "clock_ahead",
        "How far this machine's clock is ahead of the database's, by which the service goes",
        Unit::Seconds,
        ahead,
    );
}

fn register_counts(registry: &mut Registry, counts: &Counts, now: OffsetDateTime) {
    register_queues(registry, counts, now);
    register_locations(registry, counts);
    gauge(
        registry,
        "numbers",
        "WhatsApp numbers that are connected",
        counts.numbers,
    );
    register_holds(registry, counts);
    register_circuits(registry, counts);
    register_tokens(registry, counts);
    register_incidents(registry, counts);
}

/// The label is called `standing` since the first version; alarms use it.
fn register_locations(registry: &mut Registry, counts: &Counts) {
    let locations = Gauges::<1>::default();
    for &install_status in InstallStatus::ALL {
        let found = counts
            .install_statuses
            .iter()
            .find(|(found, _)| *found == install_status);
        locations
            .get_or_create(&[("standing", install_status.to_string())])
            .set(found.map_or(0, |(_, count)| *count));
    }
    registry.register("locations", "Sub-accounts, by install status", locations);
}

/// Each kind is exported, also where no number is held for it.
fn register_holds(registry: &mut Registry, counts: &Counts) {
    let held = Gauges::<1>::default();
    for reason in HoldReason::ALL.map(Some).into_iter().chain([None]) {
        held.get_or_create(&[("kind", kind_of(reason).to_owned())])
            .set(0);
    }
    for (reason, count) in &counts.holds {
        let kind = kind_of(HoldReason::of(reason));
        held.get_or_create(&[("kind", kind.to_owned())])
            .inc_by(*count);
    }
    registry.register(
        "numbers_on_hold",
        "Connected numbers that cannot send",
        held,
    );
}

fn register_circuits(registry: &mut Registry, counts: &Counts) {
    let circuits = Gauges::<1>::default();
    for (scope, open) in [
        ("gateway", counts.circuits.gateways),
        ("number", counts.circuits.numbers),
    ] {
        circuits
            .get_or_create(&[("scope", scope.to_owned())])
            .set(open);
    }
    registry.register(
        "circuits_open",
        "Where the gateway fails for every message, so that only probes are sent",
        circuits,
    );
}

fn register_incidents(registry: &mut Registry, counts: &Counts) {
    for (name, help, counted) in [
        (
            "troubles_open",
            "Incidents of sub-accounts that are open",
            &counts.open_incidents,
        ),
        (
            "troubles_begun",
            "Incidents of sub-accounts that ever began",
            &counts.begun_incidents,
        ),
    ] {
        let incidents = Gauges::<1>::default();
        for (kind, count) in counted {
            incidents
                .get_or_create(&[("kind", kind.to_string())])
                .set(*count);
        }
        registry.register(name, help, incidents);
    }
}

fn register_tokens(registry: &mut Registry, counts: &Counts) {
    let tokens = Gauges::<2>::default();
    let labels = |owner: OwnerKind, problem: TokenProblem| {
        [
            ("owner", owner.to_string()),
            ("trouble", problem.to_string()),
        ]
    };
    for &owner in OwnerKind::ALL {
        for &problem in TokenProblem::ALL {
            tokens.get_or_create(&labels(owner, problem)).set(0);
        }
    }
    for &(owner, problem, count) in &counts.tokens {
        tokens.get_or_create(&labels(owner, problem)).set(count);
    }
    registry.register(
        "tokens_in_trouble",
        "GHL's tokens that could not be renewed",
        tokens,
    );
}

fn register_queues(registry: &mut Registry, counts: &Counts, now: OffsetDateTime) {
    let (lengths, ages) = (Gauges::<2>::default(), Gauges::<2>::default());
    for row in &counts.queues {
        let labels = [
            ("queue", row.queue.to_string()),
            ("state", row.state.to_string()),
        ];
        lengths.get_or_create(&labels).set(row.count);
        let age = row
            .oldest
            .map_or(0, |oldest| (now - oldest).whole_seconds());
        ages.get_or_create(&labels).set(age.max(0));
    }
    let help = format!(
        "What waits in each queue; {} stands for that many or more",
        queue_counts::MAX_COUNT
    );
    registry.register("queue_length", help, lengths);
    registry.register_with_unit(
        "queue_oldest",
        "Since when the oldest in each queue waits; statuses and files: since when it is due",
        Unit::Seconds,
        ages,
    );
}

/// The label for the kind of a hold.
fn kind_of(reason: Option<HoldReason>) -> &'static str {
    reason.map_or("other", |reason| reason.hold().code())
}
