//! Settings: defaults, overrides, and the report of all faults at once.

use waapify_ghl::config;
use waapify_ghl::config::{Faults, Settings};

use crate::harness::environment;

fn load(change: impl FnOnce(&mut Vec<(String, String)>)) -> Result<Settings, Faults> {
    let mut environment = environment("https://bridge.example", "http://127.0.0.1:9");
    change(&mut environment);
    config::load(|name| {
        environment
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    })
}

fn with(name: &str, value: &str) -> Result<Settings, Faults> {
    load(|environment| environment.push((name.into(), value.into())))
}

#[test]
fn an_empty_environment_names_every_needed_setting_in_one_message() {
    let message = config::load(|_| None).unwrap_err().to_string();
    for name in [
        "PUBLIC_URL",
        "GHL_CLIENT_ID",
        "GHL_CLIENT_SECRET",
        "ENCRYPTION_KEYS",
        "GHL_SHARED_SECRET",
    ] {
        assert!(message.contains(name), "{name}: {message}");
    }
    for name in ["GHL_API_BASE", "WAAPIFY_API_BASE", "LOG_FORMAT"] {
        assert!(!message.contains(name), "{name} has a default: {message}");
    }
}

#[test]
fn every_bad_value_is_named_with_what_is_wrong_and_without_the_secret() {
    for (name, value, said) in [
        ("PUBLIC_URL", "http://bridge.example", "https://"),
        ("PUBLIC_URL", "bridge.example", "is not an address"),
        (
            "PUBLIC_URL",
            &format!("https://bridge.example/{}", "x".repeat(200)),
            "must not be longer than 200",
        ),
        (
            "BIND_ADDR",
            "everywhere",
            "is not an address like 0.0.0.0:8080",
        ),
        ("PORT", "70000", "is not a port number"),
        ("GHL_API_BASE", "ftp://x", "is not an address"),
        ("GHL_MARKETPLACE_BASE", "x", "is not an address"),
        (
            "GHL_ED25519_PUBLIC_KEY",
            "AAAA",
            "is not an Ed25519 public key",
        ),
        ("GHL_RSA_PUBLIC_KEY", "%%%", "is neither PEM nor base64"),
        (
            "WAAPIFY_MIN_INTERVAL_MS",
            "-1",
            "must be a number of milliseconds",
        ),
        ("WAAPIFY_MIN_INTERVAL_MS", "90000", "from 0 to 60000"),
        (
            "ENCRYPTION_KEYS",
            "c2hvcnQ=",
            "has 5 bytes and must have 32",
        ),
        (
            "DATABASE_URL",
            "mysql://user:c2hvcnQ@host",
            "is not an address like postgres://",
        ),
        ("STOP_TIMEOUT_SECONDS", "5", "seconds from 6 to 300"),
        ("LOG_FORMAT", "xml", "must be json or pretty"),
        (
            "ALERT_WEBHOOK_URL",
            "hooks.example/c2hvcnQ",
            "is not an address like https://hooks",
        ),
        ("ALERT_WEBHOOK_TEMPLATE", "{{text}} c2hvcnQ", "must be JSON"),
        (
            "ALERT_SMTP_URL",
            "https://user:c2hvcnQ@mail",
            "is not an address like smtps://",
        ),
        (
            "ALERT_SMTP_URL",
            "smtp://mail.example?tls=maybe",
            "has to end in ?tls=required",
        ),
        (
            "ALERT_SMTP_URL",
            "smtps://mail.example",
            "have to be set both",
        ),
        ("ALERT_MAIL_FROM", "nobody", "is not a mail address"),
        ("ALERT_MAIL_TO", "a@example.com,b", "is not a mail address"),
        ("ALERT_LANGUAGE", "de", "must be en or ms"),
    ] {
        let message = with(name, value).unwrap_err().to_string();
        assert!(
            message.contains(name) && message.contains(said),
            "{message}"
        );
        assert!(!message.contains("c2hvcnQ"), "{message}");
    }
}

#[test]
fn port_alone_replaces_the_port_of_the_address() {
    for (bind, port, expected) in [
        ("", "", "0.0.0.0:8080"),
        ("", "9000", "0.0.0.0:9000"),
        ("127.0.0.1:7000", "", "127.0.0.1:7000"),
        ("127.0.0.1", "", "127.0.0.1:8080"),
        ("[::]:7000", "9000", "[::]:9000"),
    ] {
        let settings = load(|environment| {
            environment.push(("BIND_ADDR".into(), bind.into()));
            environment.push(("PORT".into(), port.into()));
        });
        assert_eq!(settings.unwrap().bind.to_string(), expected);
    }
}

#[test]
fn a_local_address_may_be_plain_http_and_a_slash_at_the_end_does_not_matter() {
    for url in [
        "http://127.0.0.1:8080/",
        "http://localhost:8080",
        "https://bridge.example/",
        "https://example.com/bridge/",
    ] {
        let settings = with("PUBLIC_URL", url).unwrap();
        assert_eq!(
            settings.public_url.as_str().trim_end_matches('/'),
            url.trim_end_matches('/')
        );
    }
}

#[test]
fn what_seals_and_signs_does_not_print() {
    let settings = load(|environment| {
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        environment.extend([
            set("DATABASE_URL", "postgres://user:hunter2@db/x"),
            set("ALERT_WEBHOOK_URL", "https://hooks.example/hunter2"),
            set("ALERT_WEBHOOK_SECRET", "hunter2"),
            set("ALERT_SMTP_URL", "smtps://user:hunter2@mail.example"),
            set("ALERT_MAIL_FROM", "alerts@example.com"),
        ]);
    });
    let settings = settings.unwrap();
    let printed = format!("{settings:?}");
    for secret in ["hunter2", "test-client-secret", "AAAAAAAA"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn every_variable_of_the_sample_is_a_setting_and_every_setting_is_in_the_sample() {
    let defaults: toml::Table = include_str!("../../config/default.toml").parse().unwrap();
    let sample = include_str!("../../config/sample.env");
    let names: Vec<_> = sample
        .lines()
        .filter_map(|line| line.trim_start_matches(['#', ' ']).split_once('='))
        .map(|(name, _)| name)
        .filter(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
        })
        .collect();
    for setting in defaults.keys() {
        assert!(
            names.contains(&setting.to_uppercase().as_str()),
            "{setting} is not in config/sample.env"
        );
    }
}

/// The number that follows `name` in a file of `config/`.
fn seconds(file: &str, name: &str) -> u64 {
    let (_, rest) = file.split_once(name).unwrap();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[test]
fn supervisors_wait_longer_than_a_stop_takes() {
    let stop = seconds(
        include_str!("../../config/default.toml"),
        "\nstop_timeout_seconds = ",
    );
    let compose = include_str!("../../config/compose.yaml");
    let (_, app) = compose.split_once("\n  app:").unwrap();
    let unit = include_str!("../../config/waapify-ghl.service");
    for patience in [
        seconds(app, "stop_grace_period: "),
        seconds(unit, "\nTimeoutStopSec="),
    ] {
        assert!(patience > stop, "{patience} s are not more than {stop} s");
    }
}

#[test]
fn no_variable_is_demanded_by_the_compose_file_since_that_would_stop_the_guide_too() {
    let compose = include_str!("../../config/compose.yaml");
    let lines = compose.lines().filter(|line| !line.starts_with('#'));
    // "$${" is for the shell of a container.
    let demands = lines.filter(|line| line.replace("$${", "").contains(":?"));
    let demands: Vec<_> = demands.filter(|line| !line.contains("$${")).collect();
    assert!(demands.is_empty(), "{demands:?}");
}
