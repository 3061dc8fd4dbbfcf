//! What doctor says of the settings and of the addresses in them.

use super::{NOWHERE, complete, diagnose_with};

#[tokio::test]
async fn missing_settings_are_findings_and_the_rest_is_checked_all_the_same() {
    let bridge = complete().await;
    let report = diagnose_with(&bridge, |command| {
        command.env_remove("PUBLIC_URL").env("LOG_FORMAT", "loud");
    })
    .await;
    report.assert_bad("settings", "PUBLIC_URL is not set.", 2);
    assert!(
        report.text.contains("LOG_FORMAT must be json or pretty."),
        "{}",
        report.text
    );
    assert_eq!(report.state("public_url"), "unknown");
    for check in [
        "database",
        "keys",
        "client_credentials",
        "token",
        "provider",
        "link",
    ] {
        assert_eq!(report.state(check), "good", "{check}");
    }
    let report = diagnose_with(&bridge, |command| {
        command
            .env("ENCRYPTION_KEYS", "x")
            .env_remove("GHL_CLIENT_SECRET");
    })
    .await;
    report.assert_bad("settings", "GHL_CLIENT_SECRET is not set.", 2);
    for check in [
        "public_url",
        "keys",
        "client_credentials",
        "token",
        "provider",
        "link",
    ] {
        assert_eq!(report.state(check), "unknown", "{check}");
    }
    let report = diagnose_with(&bridge, |command| {
        command.env("DATABASE_URL", "mysql://x");
    })
    .await;
    report.assert_bad("settings", "DATABASE_URL is not an address", 2);
    assert_eq!(report.state("database"), "unknown");
}

#[tokio::test]
async fn implausible_settings_are_named() {
    let bridge = complete().await;
    for (name, value, check, says) in [
        (
            "GHL_CLIENT_ID",
            "66b1f0a2c3d4e5f60718293a",
            "client_id",
            "is no client id",
        ),
        (
            "GHL_CLIENT_SECRET",
            "test-shared-secret",
            "client_secret",
            "same as",
        ),
        (
            "GHL_API_BASE",
            "http://ghl.invalid",
            "ghl_address",
            "does not begin with https",
        ),
        (
            "WAAPIFY_API_BASE",
            "http://waapify.invalid",
            "waapify_address",
            "does not begin with https",
        ),
    ] {
        let report = diagnose_with(&bridge, |command| {
            command.env(name, value);
        })
        .await;
        report.assert_bad(check, says, 1);
    }
    let report = diagnose_with(&bridge, |command| {
        for name in [
            "GHL_SHARED_SECRET",
            "GHL_CONVERSATION_PROVIDER_ID",
            "ADMIN_TOKEN",
        ] {
            command.env_remove(name);
        }
    })
    .await;
    for check in ["shared_secret", "provider_id", "admin_token"] {
        assert_eq!(report.state(check), "warn");
        report.assert_explained(check, "is not set");
    }
    assert_eq!(report.code, Some(0), "{}", report.text);
}

#[tokio::test]
async fn an_address_that_does_not_lead_here_is_told_from_one_that_leads_elsewhere() {
    let bridge = complete().await;
    let nobody = diagnose_with(&bridge, |command| {
        command.env("PUBLIC_URL", NOWHERE);
    })
    .await;
    nobody.assert_bad(
        "public_url",
        "does not reach this service: no connection",
        1,
    );
    let elsewhere = diagnose_with(&bridge, |command| {
        command.env(
            "PUBLIC_URL",
            format!("{}/readyz?", bridge.address).trim_end_matches('?'),
        );
    })
    .await;
    elsewhere.assert_bad("public_url", "not this deployment", 1);
}

#[tokio::test]
async fn an_address_that_ghl_refuses_for_its_name_is_named() {
    let bridge = complete().await;
    let report = diagnose_with(&bridge, |command| {
        command.env("PUBLIC_URL", format!("{NOWHERE}/MyGHL"));
    })
    .await;
    report.assert_bad("public_url_name", "contains \"ghl\"", 1);
    let report = diagnose_with(&bridge, |command| {
        command.env_remove("PUBLIC_URL");
    })
    .await;
    assert!(!report.text.contains("public_url_name"), "{}", report.text);
}
