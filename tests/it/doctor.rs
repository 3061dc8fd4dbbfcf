//! The doctor as a real process: a good setup passes, and each broken one is named, explained, and ends with its exit
//! code. Here are the command and the checks of the service; the others are in `doctor`.

mod locations;
mod numbers;
mod settings;

use std::process::Command;

use serde_json::Value;
use simulators::{Fault, seed};
use waapify_ghl::accounts::tokens::Owner;
use waapify_ghl::db;

use crate::commands::{output, program};
use crate::harness::{Bridge, TestDatabase, location};

/// Nothing listens there.
const NOWHERE: &str = "https://127.0.0.1:9";

/// The report of the doctor.
pub struct Report {
    code: Option<i32>,
    pub text: String,
    json: Value,
}

impl Report {
    /// The first finding of a check.
    fn find(&self, check: &str) -> &Value {
        let found = self.json["findings"].as_array().unwrap().iter();
        let mut of_check = found.filter(|finding| finding["check"] == check);
        let first = of_check.next();
        first.unwrap_or_else(|| panic!("no {check}: {}", self.text))
    }

    fn state(&self, check: &str) -> &str {
        self.find(check)["state"].as_str().unwrap()
    }

    /// Asserts that the command failed with `code`, and gives the finding, its cause and the remedy in both
    /// languages.
    fn assert_bad(&self, check: &str, says: &str, code: i32) {
        let finding = self.find(check);
        assert_eq!(finding["state"], "bad", "{finding}");
        self.assert_explained(check, says);
        assert_eq!(self.code, Some(code), "{}", self.text);
        assert_eq!(self.json["ok"], false);
    }

    fn assert_explained(&self, check: &str, says: &str) {
        let finding = self.find(check);
        let english = finding["what"]["en"].as_str().unwrap();
        assert!(english.contains(says), "{finding}");
        for part in ["what", "why", "todo"] {
            let (en, ms) = (&finding[part]["en"], &finding[part]["ms"]);
            assert!(en.is_string() && ms.is_string() && en != ms, "{finding}");
        }
    }
}

/// A bridge with every setting of a real deployment.
pub async fn complete() -> Bridge {
    let bridge = Bridge::with(|environment| {
        let more = [
            ("GHL_CONVERSATION_PROVIDER_ID", seed::PROVIDER_ID),
            ("ADMIN_TOKEN", "an-admin-token-of-the-tests"),
        ];
        environment.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    bridge
}

/// Runs the doctor on the bridge's database, with a changed command.
pub async fn diagnose_with(bridge: &Bridge, change: impl FnOnce(&mut Command)) -> Report {
    let mut command = program(Some(bridge));
    command.args(["doctor", "--json"]);
    change(&mut command);
    let (code, text, stderr) = output(command).await;
    let json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text} {stderr}"));
    Report { code, text, json }
}

pub async fn diagnose(bridge: &Bridge) -> Report {
    diagnose_with(bridge, |_| {}).await
}

/// Sends one message in each direction, and acks it.
async fn talk(bridge: &Bridge) {
    bridge.customer_writes("hai").await;
    let id = bridge.agent_writes("apa khabar").await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .customer_reads(seed::AISYAH.2)
        .await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "read");
}

#[tokio::test]
async fn a_good_setup_is_good_in_every_check() {
    let bridge = complete().await;
    talk(&bridge).await;
    let report = diagnose(&bridge).await;
    assert_eq!(report.code, Some(0), "{}", report.text);
    assert_eq!(report.json["ok"], true);
    let findings = report.json["findings"].as_array().unwrap();
    for finding in findings {
        // The tests' vendors and the service are on this machine, which the doctor warns about.
        let local = ["public_url", "ghl_address", "waapify_address"];
        let is_local = local.iter().any(|check| finding["check"] == *check);
        let expected = if is_local { "warn" } else { "good" };
        assert_eq!(finding["state"], expected, "{finding}");
    }
    let checks: Vec<_> = findings
        .iter()
        .map(|f| f["check"].as_str().unwrap())
        .collect();
    assert_eq!(
        checks,
        [
            "settings",
            "client_id",
            "client_secret",
            "shared_secret",
            "provider_id",
            "admin_token",
            "public_url_name",
            "ghl_address",
            "waapify_address",
            "public_url",
            "database",
            "clock",
            "keys",
            "client_credentials",
            "install",
            "token",
            "scopes",
            "provider",
            "last_delivery",
            "last_inbound",
            "last_ack",
            "link",
            "hold",
            "webhook",
            "shared_number",
        ]
    );
    let about_location = findings.iter().find(|f| f["check"] == "link").unwrap();
    assert_eq!(about_location["location"], seed::LOCATION_ID);
    assert_eq!(about_location["number"], seed::NUMBER);
}

#[tokio::test]
async fn on_a_terminal_it_reads_as_a_list_with_what_to_do() {
    let bridge = complete().await;
    bridge.simulation.waapify.unlink().await;
    let mut command = program(Some(&bridge));
    command.args(["doctor", "--location", seed::LOCATION_ID]);
    let (code, stdout, stderr) = output(command).await;
    assert_eq!(code, Some(1), "{stderr}");
    for part in [
        "The service\n",
        "  ok   database        The database answers",
        &format!(
            "\nLocation {} ({})\n",
            seed::LOCATION_NAME,
            seed::LOCATION_ID
        ),
        &format!(
            "  BAD  link            +{}: This number is not linked",
            seed::NUMBER
        ),
        "       Why: Nothing is sent",
        "       Do:  On the app's page inside GHL",
        " bad, ",
    ] {
        assert!(stdout.contains(part), "{part}: {stdout}");
    }
    assert!(stderr.is_empty(), "{stderr}");
}

#[tokio::test]
async fn keys_that_open_nothing_are_named_with_how_much_they_do_not_open() {
    let bridge = complete().await;
    let report = diagnose_with(&bridge, |command| {
        command.env(
            "ENCRYPTION_KEYS",
            "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        );
    })
    .await;
    report.assert_bad("keys", "does not open 4 of the stored", 2);
    report.assert_bad("token", "cannot be opened", 2);
    report.assert_bad("link", "cannot be opened", 2);
}

#[tokio::test]
async fn a_database_that_is_away_old_or_another_versions_is_named_and_left_as_it_is() {
    let bridge = complete().await;
    let at = async |url: String| {
        diagnose_with(&bridge, |command| {
            command.env("DATABASE_URL", url);
        })
        .await
    };
    let away = at("postgres://nobody@127.0.0.1:9/none".to_owned()).await;
    away.assert_bad("database", "does not answer", 1);
    assert_eq!(away.state("keys"), "unknown");
    let empty = TestDatabase::empty().await;
    at(empty.url())
        .await
        .assert_bad("database", "migrations are missing", 1);
    let gap = db::find_schema_gap(&empty.pool).await.unwrap();
    assert!(gap.missing > 10, "nothing was brought up to date: {gap:?}");
    sqlx::query("insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (99991231000000, 'x', true, '', 0)")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    diagnose(&bridge)
        .await
        .assert_bad("database", "made by another version", 1);
}

#[tokio::test]
async fn the_apps_keys_are_known_by_what_ghl_last_said_to_them() {
    let bridge = Bridge::bare().await;
    assert_eq!(
        diagnose(&bridge).await.state("client_credentials"),
        "unknown"
    );
    bridge
        .get("/oauth/callback?code=wrong-0123456789-0123456789")
        .await;
    diagnose(&bridge).await.assert_bad(
        "client_credentials",
        "the install link was opened twice",
        1,
    );
    bridge.clock.advance(time::Duration::SECOND);
    bridge.install().await;
    assert_eq!(diagnose(&bridge).await.state("client_credentials"), "good");
    // A caller with an invented code does not make the credentials look wrong.
    bridge.clock.advance(time::Duration::SECOND);
    bridge
        .get("/oauth/callback?code=other-0123456789-0123456789")
        .await;
    assert_eq!(diagnose(&bridge).await.state("client_credentials"), "good");
    let refusal =
        r#"{"error":"invalid_client","error_description":"Client credentials are wrong"}"#;
    let faults = bridge.simulation.ghl.faults();
    faults.push("POST /oauth/token", Fault::answer(401, refusal));
    let renewed = bridge
        .app
        .context
        .tokens
        .renew_early(Owner::Location(&location()))
        .await;
    renewed.unwrap_err();
    let report = diagnose(&bridge).await;
    report.assert_bad("client_credentials", "Client credentials are wrong", 1);
    // Other credentials are not blamed for it.
    let other = diagnose_with(&bridge, |command| {
        command.env("GHL_CLIENT_SECRET", "another-secret");
    })
    .await;
    assert_eq!(other.state("client_credentials"), "unknown");
}

#[tokio::test]
async fn an_agency_whose_token_is_dead_is_named() {
    let bridge = complete().await;
    let code = bridge.company_code(&[seed::LOCATION_ID]);
    bridge.callback(&code).await;
    assert!(!diagnose(&bridge).await.text.contains("\"agency\""));
    sqlx::query("update tokens set trouble = 'needs_reinstall', trouble_code = 'other', trouble_args = '{\"words\": \"it is over\"}' where owner_kind = 'company'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    diagnose(&bridge)
        .await
        .assert_bad("agency", "it is over", 1);
}
