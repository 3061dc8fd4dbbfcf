//! The command line as people and programs meet it: JSON, colours, local times, typos, help, completions, manual pages.

use std::process::Command;

use serde_json::Value;
use simulators::seed;

use crate::commands::{output, program};
use crate::doctor::complete;
use crate::harness::Bridge;
use crate::messages::number_of;

/// A command on the bridge's database.
fn command(bridge: Option<&Bridge>, arguments: &[&str]) -> Command {
    let mut command = program(bridge);
    command.args(arguments).env("LOG_FORMAT", "pretty");
    command
}

/// The document that a command answers with `--json`, and its exit code.
async fn answer(bridge: &Bridge, arguments: &[&str]) -> (Option<i32>, Value) {
    let mut command = command(Some(bridge), arguments);
    command.arg("--json");
    let (code, stdout, stderr) = output(command).await;
    assert_eq!(stdout.lines().count(), 1, "{arguments:?}: {stdout}{stderr}");
    (code, serde_json::from_str(&stdout).unwrap())
}

fn assert_time(value: &Value) {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no time"));
    assert!(text.contains('T') && text.ends_with('Z'), "{text}");
}

#[tokio::test]
async fn every_command_answers_with_one_json_document_when_asked() {
    let bridge = complete().await;
    let sent = bridge.agent_writes("rahsia satu").await;
    let failed = bridge
        .agent_sends(seed::NOMBOR_SALAH.0, "rahsia dua", &[])
        .await;
    bridge.settle().await;
    let (sent, failed) = (
        number_of(&bridge, &sent).await,
        number_of(&bridge, &failed).await,
    );

    let (_, version) = answer(&bridge, &["version"]).await;
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    let (_, guide) = answer(&bridge, &["marketplace"]).await;
    assert!(guide["markdown"].as_str().unwrap().contains("# "));
    let (_, migrated) = answer(&bridge, &["migrate"]).await;
    assert_eq!(migrated["schema"], "up_to_date");
    let (_, keys) = answer(&bridge, &["rotate-keys"]).await;
    assert_eq!(keys["unreadable"], 0);
    let connect = [
        "connect",
        "--location",
        seed::LOCATION_ID,
        "--instance-id",
        seed::INSTANCE_ID,
        "--access-token",
        seed::ACCESS_TOKEN,
        "--number",
        seed::NUMBER,
    ];
    let (_, connected) = answer(&bridge, &connect).await;
    assert_eq!(connected["number"], seed::NUMBER);
    assert_eq!(connected["install_status"], "installed");

    let (_, installs) = answer(&bridge, &["installs"]).await;
    let location = &installs["locations"][0];
    assert_eq!(location["location"], seed::LOCATION_ID);
    assert_eq!(location["status"], "installed");
    assert_time(&location["token_until"]);

    let (_, listed) = answer(&bridge, &["messages", "list", "--failed"]).await;
    let message = &listed["messages"][0];
    assert_eq!(message["id"].to_string(), failed);
    assert_eq!(message["reason"]["code"], "phone_incomplete");
    assert_eq!(message["error_code"], "invalid_phone");
    assert_eq!(message["remedy"], "correct_contact");
    assert_time(&message["accepted_at"]);
    let (_, shown) = answer(&bridge, &["messages", "show", &sent]).await;
    assert_eq!(shown["state"], "sent");
    assert_eq!(shown["chat_end"], "6789");
    assert_eq!(shown["steps"][0]["cause"]["code"], "ghl_delivered");
    assert_time(&shown["steps"][0]["at"]);
    assert!(!format!("{listed}{shown}").contains("rahsia"));
    let (code, replayed) = answer(&bridge, &["messages", "replay", &sent, &failed]).await;
    assert_eq!(code, Some(1));
    assert_eq!(replayed["replayed"][0].to_string(), failed);
    assert_eq!(replayed["left"][0]["code"], "not_failed");
}

#[tokio::test]
async fn errors_are_json_too_and_nothing_else_is_on_standard_error() {
    for (arguments, code, says) in [
        (&["installs", "--json"][..], 1, "cannot be reached"),
        (&["--json", "marketplace"], 2, "PUBLIC_URL is not set"),
        (&["--json", "health"], 1, "does not answer"),
        (&["messages", "lst", "--json"], 2, "unrecognized subcommand"),
    ] {
        let mut command = command(None, arguments);
        command
            .env("DATABASE_URL", "postgres://nobody@127.0.0.1:9/none")
            .env("PORT", "9");
        let (exit, stdout, stderr) = output(command).await;
        assert_eq!((exit, stdout.as_str()), (Some(code), ""), "{stderr}");
        let lines: Vec<Value> = stderr
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{stderr}")))
            .collect();
        let last = lines.last().unwrap();
        assert!(last["error"].as_str().unwrap().contains(says), "{stderr}");
        assert_eq!(last["exit_code"], code, "{stderr}");
    }
}

#[tokio::test]
async fn a_typo_is_answered_with_what_was_meant_and_help_is_a_command() {
    for (arguments, meant) in [
        (&["instals"][..], "'installs'"),
        (&["messages", "lits"], "'list'"),
        (&["doctor", "--locaton", "x"], "'--location'"),
        (&["messages", "list", "--state", "faild"], "'failed'"),
        (&["help", "mesages"], "'messages'"),
        (&["help", "messages", "lits"], "'list'"),
        (
            &["messages", "list", "--reason", "gateway_dwon"],
            "'gateway_down'",
        ),
        (
            &["messages", "replay", "--reason", "no_fone", "--yes"],
            "'no_phone'",
        ),
        (&["messages", "list", "--since=-1h"], "1h means an hour ago"),
    ] {
        let (code, _, stderr) = output(command(None, arguments)).await;
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(meant), "{meant}: {stderr}");
        assert!(stderr.lines().count() < 12, "{stderr}");
    }
    for (arguments, says) in [
        (&["help"][..], "Usage: waapify-ghl"),
        (&["help", "messages", "replay"], "--reason"),
        (&["messages", "help", "replay"], "--reason"),
    ] {
        let (code, stdout, stderr) = output(command(None, arguments)).await;
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(stdout.contains(says), "{stdout}");
    }
}

#[tokio::test]
async fn help_and_version_are_json_too() {
    for (arguments, field, says) in [
        (&["--json", "help", "messages"][..], "help", "replay"),
        (&["help", "--json"], "help", "Usage: waapify-ghl"),
        (&["messages", "--help", "--json"], "help", "replay"),
        (
            &["--json", "--version"],
            "version",
            env!("CARGO_PKG_VERSION"),
        ),
    ] {
        let (code, stdout, stderr) = output(command(None, arguments)).await;
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        let answer: Value = serde_json::from_str(&stdout).unwrap();
        assert!(answer[field].as_str().unwrap().contains(says), "{stdout}");
    }
}

/// What bash offers after these words, the last of which is being written.
async fn completed(script: &str, words: &[&str]) -> Vec<String> {
    let typed = words.last().unwrap();
    let previous = words[words.len() - 2];
    let last = words.len() - 1;
    let words = words.iter().map(|word| format!("'{word}'"));
    let words: Vec<_> = words.collect();
    let ask = format!(
        "{script}\nCOMP_WORDS=({})\nCOMP_CWORD={last}\n_waapify__ghl waapify-ghl '{typed}' '{previous}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" ")
    );
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-c", &ask]);
    let (code, stdout, stderr) = output(bash).await;
    assert_eq!(code, Some(0), "{stderr}");
    stdout.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn bash_completes_behind_the_first_word_too() {
    let (_, script, _) = output(command(None, &["completions", "bash"])).await;
    for (words, expected) in [
        (&["waapify-ghl", "mess"][..], "messages"),
        (&["waapify-ghl", "messages", ""], "replay"),
        (&["waapify-ghl", "messages", "list", "--sta"], "--state"),
        (
            &["waapify-ghl", "messages", "list", "--state", "fa"],
            "failed",
        ),
        (
            &["waapify-ghl", "messages", "list", "--reason", "gateway_do"],
            "gateway_down",
        ),
        (&["waapify-ghl", "help", "mess"], "messages"),
        (&["waapify-ghl", "rotate-keys", "--js"], "--json"),
    ] {
        let offered = completed(&script, words).await;
        assert!(
            offered.iter().any(|one| one == expected),
            "{words:?}: {offered:?}"
        );
    }
}

#[tokio::test]
async fn an_address_of_no_database_is_a_wrong_setting() {
    for arguments in [&["installs"][..], &["messages", "list"], &["migrate"]] {
        let mut command = command(None, arguments);
        command.env("DATABASE_URL", "nonsense");
        let (code, _, stderr) = output(command).await;
        assert_eq!(code, Some(2), "{stderr}");
        assert!(
            stderr.contains("DATABASE_URL is not an address"),
            "{stderr}"
        );
    }
}

#[tokio::test]
async fn shells_and_man_are_told_of_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (code, stdout, stderr) = output(command(None, &["completions", shell])).await;
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{shell}");
        for part in ["rotate-keys", "replay", "reason"] {
            assert!(stdout.contains(part), "{shell}: {part}");
        }
    }
    let (code, page, _) = output(command(None, &["man"])).await;
    assert_eq!(code, Some(0));
    assert!(page.contains(".TH waapify-ghl 1"), "{page}");
    let folder = std::env::temp_dir().join(format!("man-{:016x}", rand::random::<u64>()));
    let (code, stdout, stderr) =
        output(command(None, &["man", "--out", folder.to_str().unwrap()])).await;
    assert_eq!(code, Some(0), "{stderr}");
    let page = std::fs::read_to_string(folder.join("waapify-ghl-messages-replay.1"));
    std::fs::remove_dir_all(&folder).unwrap();
    let page = page.unwrap();
    assert!(page.contains("dry"), "{stdout}");
    let foot = concat!("\"waapify-ghl ", env!("CARGO_PKG_VERSION"), "\"");
    assert!(page.contains(foot), "{page}");
    assert!(stdout.contains("waapify-ghl-doctor.1"), "{stdout}");
}

#[tokio::test]
async fn colours_show_on_a_terminal_or_when_they_are_forced_and_never_in_json() {
    let bridge = Bridge::new().await;
    bridge.agent_sends(seed::NOMBOR_SALAH.0, "satu", &[]).await;
    bridge.settle().await;
    let list = ["messages", "list"];
    let (_, plain, _) = output(command(Some(&bridge), &list)).await;
    assert!(
        plain.contains("failed") && !plain.contains('\u{1b}'),
        "{plain}"
    );
    let mut forced = command(Some(&bridge), &list);
    forced.env("CLICOLOR_FORCE", "1");
    let (_, coloured, _) = output(forced).await;
    assert!(coloured.contains("\u{1b}[31mfailed"), "{coloured:?}");
    for (name, value, flag) in [
        ("NO_COLOR", "1", None),
        ("CLICOLOR_FORCE", "1", Some("--json")),
    ] {
        let mut without = command(Some(&bridge), &list);
        without.env(name, value).args(flag);
        let (_, stdout, _) = output(without).await;
        assert!(!stdout.contains('\u{1b}'), "{stdout:?}");
    }
}

#[tokio::test]
async fn times_are_those_of_the_machine_with_the_distance_to_utc() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("satu").await;
    bridge.settle().await;
    sqlx::query("update outbound set accepted_at = '2026-03-01T20:30:15Z'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let number = number_of(&bridge, &id).await;
    for (zone, minutes, seconds) in [
        (
            "Asia/Kuala_Lumpur",
            "2026-03-02 04:30+08:00",
            "2026-03-02 04:30:15+08:00",
        ),
        (
            "MYT-8",
            "2026-03-02 04:30+08:00",
            "2026-03-02 04:30:15+08:00",
        ),
        (
            "America/New_York",
            "2026-03-01 15:30-05:00",
            "2026-03-01 15:30:15-05:00",
        ),
        ("UTC", "2026-03-01 20:30+00:00", "2026-03-01 20:30:15+00:00"),
    ] {
        let mut list = command(Some(&bridge), &["messages", "list"]);
        list.env("TZ", zone);
        let (_, stdout, _) = output(list).await;
        assert!(stdout.contains(minutes), "{zone}: {stdout}");
        let mut show = command(Some(&bridge), &["messages", "show", &number]);
        show.env("TZ", zone);
        let (_, stdout, _) = output(show).await;
        assert!(stdout.contains(seconds), "{zone}: {stdout}");
    }
    let mut doctor = command(Some(&bridge), &["doctor"]);
    doctor.env("TZ", "Asia/Kuala_Lumpur");
    let (_, stdout, _) = output(doctor).await;
    assert!(
        stdout.contains("last at ") && !stdout.contains("UTC.") && !stdout.contains(" UTC "),
        "{stdout}"
    );
    // A time without a zone is meant as it is shown.
    for (since, lines) in [("2026-03-02 04:30", 2), ("2026-03-02 04:31", 1)] {
        let mut list = command(Some(&bridge), &["messages", "list", "--since", since]);
        list.env("TZ", "Asia/Kuala_Lumpur");
        let (_, stdout, _) = output(list).await;
        assert_eq!(stdout.lines().count(), lines, "{stdout}");
    }
}

#[tokio::test]
async fn the_doctor_groups_what_is_not_well_by_cause_the_worst_first() {
    let bridge = complete().await;
    bridge.install_second().await;
    bridge.simulation.waapify.unlink().await;
    let (code, report) = answer(&bridge, &["doctor", "--bad"]).await;
    assert_eq!((code, &report["ok"]), (Some(1), &Value::Bool(false)));
    let causes = report["causes"].as_array().unwrap();
    let order = |cause: &Value| {
        let states = ["bad", "warn", "unknown"];
        states.iter().position(|state| cause["state"] == *state)
    };
    assert!(
        causes.iter().all(|cause| order(cause).is_some()),
        "{report}"
    );
    assert!(causes.is_sorted_by_key(order), "{report}");
    let find = |check: &'static str| causes.iter().filter(move |cause| cause["check"] == check);
    let link = find("link").next().unwrap();
    assert_eq!(link["locations"][0]["location"], seed::LOCATION_ID);
    assert_eq!(link["locations"][0]["number"], seed::NUMBER);
    // Both have the same cause, which is said once.
    let silent: Vec<_> = find("last_inbound").collect();
    assert_eq!(silent.len(), 1, "{report}");
    assert_eq!(
        silent[0]["locations"].as_array().unwrap().len(),
        2,
        "{report}"
    );

    let (code, stdout, _) = output(command(Some(&bridge), &["doctor", "--bad"])).await;
    assert_eq!(code, Some(1));
    assert!(!stdout.contains("  ok  "), "{stdout}");
    let place = |words: &str| {
        stdout
            .find(words)
            .unwrap_or_else(|| panic!("{words}: {stdout}"))
    };
    assert!(place("BAD  link") < place("last_inbound"), "{stdout}");
    assert!(stdout.contains("2 locations:"), "{stdout}");
    assert_eq!(stdout.matches("last_inbound").count(), 1, "{stdout}");
}
