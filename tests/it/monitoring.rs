//! The dashboard and the alert rules in `config`: they load, and every metric that they name exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use simulators::{Fault, seed};
use time::Duration;

use crate::metrics::{operated, scrape_text};

const DASHBOARD: &str = include_str!("../../config/grafana-dashboard.json");
const RULES: &str = include_str!("../../config/prometheus-rules.yaml");
/// What must and must not be an alert, for promtool.
const RULE_TESTS: &str = include_str!("monitoring/rules.yaml");

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

/// What a query asks of a series: the metric's name and a label with its value.
type Asked = (String, String);

/// The labels that a text demands of metrics, such as `end="failed"` of `waapify_ghl_messages_ended_total`.
fn asked_in(text: &str) -> BTreeSet<Asked> {
    let mut asked = BTreeSet::new();
    for name in metrics_in(text) {
        for rest in text.split(&format!("{name}{{")).skip(1) {
            let labels = rest.split('}').next().unwrap();
            let exact = labels
                .split(',')
                .filter(|label| label.contains("=\"") && !label.contains(['$', '!']));
            asked.extend(exact.map(|label| (name.clone(), label.trim().to_owned())));
        }
    }
    asked
}

#[tokio::test]
async fn what_the_dashboard_and_the_rules_ask_for_is_there_while_nothing_is_wrong() {
    let bridge = operated().await;
    let scrape = scrape_text(&bridge).await;
    let existing = series(&scrape);
    let text = format!("{} {RULES}", queries().join(" "));
    let named = metrics_in(&text);
    assert!(named.len() > 15, "{named:?}");
    let missing: Vec<_> = named.difference(&existing).collect();
    assert!(missing.is_empty(), "{missing:?} of {existing:#?}");
    let asked = asked_in(&text);
    assert!(asked.len() > 5, "{asked:?}");
    for (name, label) in asked {
        let has = |line: &str| line.starts_with(&format!("{name}{{")) && line.contains(&label);
        assert!(scrape.lines().any(has), "{name} has no {label}: {scrape}");
    }
    // A failure's code is seen the first time, too.
    assert!(
        scrape.contains("waapify_ghl_outbound_failures_total{code=\"number_stopped\"} 0"),
        "{scrape}"
    );
}

#[tokio::test]
async fn a_message_that_its_echo_proves_is_counted_as_sent() {
    let bridge = operated().await;
    let faults = bridge.simulation.waapify.faults();
    faults.push("send.php", Fault::after_effect(500, ""));
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge
        .until("the echo proves it", async || {
            bridge.state(&id).await == "sent"
        })
        .await;
    let text = scrape_text(&bridge).await;
    for line in [
        "waapify_ghl_message_seconds_count{leg=\"sent\"} 1",
        "waapify_ghl_messages_ended_total{direction=\"outbound\",end=\"sent\"} 1",
        "waapify_ghl_parts_sent_total 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
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
    let tests = folder.join("tests.yaml");
    std::fs::write(&rules, RULES).unwrap();
    std::fs::write(&queries, recorded()).unwrap();
    std::fs::write(&tests, RULE_TESTS).unwrap();
    for (what, file) in [("check", rules), ("check", queries), ("test", tests)] {
        let checked = Command::new(&promtool)
            .args([what, "rules"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(checked.status.success(), "{checked:?}");
    }
}
