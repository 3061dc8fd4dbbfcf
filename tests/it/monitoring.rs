//! The dashboard and the alert rules in `config`: they load, and every metric that they name exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use simulators::seed;
use time::Duration;
use waapify_ghl::db::history::incidents::{self, About};
use waapify_ghl::model::states::IncidentKind;
use waapify_ghl::runtime::counters::{Counters, Leg};

use crate::harness::location;
use crate::metrics::{operated, scrape_text};

const DASHBOARD: &str = include_str!("../../config/grafana-dashboard.json");
const RULES: &str = include_str!("../../config/prometheus-rules.yaml");

/// The queries of the dashboard.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    let queries = targets.flatten().map(|target| target["expr"].as_str());
    queries.map(|query| query.unwrap().to_owned()).collect()
}

/// The words in a text that are names of our metrics.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("waapify_ghl_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

/// The names of the series in a scrape.
fn series(scrape: &str) -> BTreeSet<String> {
    let samples = scrape.lines().filter(|line| !line.starts_with('#'));
    let names = samples.filter_map(|line| line.split(['{', ' ']).next());
    names.map(str::to_owned).collect()
}

/// Every counter and histogram, each counted once: a scrape leaves out those that never counted anything.
fn counted() -> String {
    let counters = Counters::default();
    counters.part_sent();
    counters.outbound_failed("invalid_phone");
    counters.inbound_ended("posted");
    counters.status_update_ended("told");
    counters.connection_opened();
    counters.connection_ended("closed");
    counters.webhook_accepted("delivery", std::time::Duration::from_millis(3));
    counters.message_took(Leg::Sent, Duration::seconds(3));
    let mut registry = Registry::default();
    counters.register(registry.sub_registry_with_prefix("waapify_ghl"));
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

#[tokio::test]
async fn every_metric_that_the_dashboard_and_the_rules_name_exists() {
    let bridge = operated().await;
    bridge.simulation.ghl.expire_access_tokens();
    bridge.simulation.ghl.revoke_refresh_tokens();
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let location = location();
    let about = About {
        location: &location,
        number: "",
        kind: IncidentKind::Silence,
    };
    incidents::open(&bridge.database.pool, about, None, None, bridge.clock.now())
        .await
        .unwrap();
    let mut existing = series(&scrape_text(&bridge).await);
    existing.extend(series(&counted()));
    let named = metrics_in(&format!("{} {RULES}", queries().join(" ")));
    assert!(named.len() > 15, "{named:?}");
    let missing: Vec<_> = named.difference(&existing).collect();
    assert!(missing.is_empty(), "{missing:?} of {existing:#?}");
}

#[tokio::test]
async fn times_of_messages_and_webhooks_are_counted() {
    let bridge = operated().await;
    bridge.agent_writes("hai").await;
    bridge.clock.advance(Duration::seconds(4));
    bridge.settle().await;
    let waapify = &bridge.simulation.waapify;
    waapify.customer_receives(seed::AISYAH.2).await;
    // GHL is told of a tick only once it surely knows the message.
    bridge.after(Duration::MINUTE).await;
    bridge.customer_writes("ya").await;
    bridge.settle().await;
    let text = scrape_text(&bridge).await;
    for line in [
        "waapify_ghl_message_seconds_count{leg=\"sent\"} 1",
        "waapify_ghl_message_seconds_bucket{le=\"2.0\",leg=\"sent\"} 0",
        "waapify_ghl_message_seconds_bucket{le=\"86400.0\",leg=\"sent\"} 1",
        "waapify_ghl_message_seconds_count{leg=\"delivered\"} 1",
        "waapify_ghl_message_seconds_count{leg=\"posted\"} 1",
        "waapify_ghl_accept_seconds_count{hook=\"delivery\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(text.contains("waapify_ghl_accept_seconds_count{hook=\"waapify\"}"));
}

/// Prometheus' own checker, if it is here; `.ci/run` brings it.
fn promtool() -> Option<PathBuf> {
    let brought = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/promtool");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).map(|folder| folder.join("promtool"));
    folders.chain([brought]).find(|file| file.is_file())
}

/// A file of rules that records each query of the dashboard. JSON is YAML.
fn recorded() -> String {
    let rules = queries().into_iter().enumerate().map(|(n, query)| {
        let query = query.replace("$job", ".*");
        json!({"record": format!("query:{n}"), "expr": query})
    });
    let rules: Vec<Value> = rules.collect();
    json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string()
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "a check that did not take place must be seen"
)]
fn prometheus_understands_the_rules_and_the_queries() {
    let Some(promtool) = promtool() else {
        eprintln!("SKIPPED: promtool is not installed");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (rules, queries) = (folder.join("rules.yaml"), folder.join("queries.yaml"));
    std::fs::write(&rules, RULES).unwrap();
    std::fs::write(&queries, recorded()).unwrap();
    for file in [rules, queries] {
        let checked = Command::new(&promtool)
            .args(["check", "rules"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(checked.status.success(), "{checked:?}");
    }
}
