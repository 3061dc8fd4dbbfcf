//! Renewals of tokens that fail, and the messages that wait for them.

use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::accounts::tokens::TokenError;
use waapify_ghl::db::accounts::installs;
use waapify_ghl::model::states::InstallStatus;

use crate::harness::{Bridge, location};
use crate::tokens::TOKEN;

/// The seeded location with an expired access token and a refresh token that GHL has revoked.
async fn dead_end() -> Bridge {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.revoke_refresh_tokens();
    bridge.simulation.ghl.expire_access_tokens();
    bridge.clock.advance(Duration::hours(25));
    bridge
}

#[tokio::test]
async fn a_token_that_nobody_uses_is_renewed_day_after_day() {
    const DAYS: usize = 40;
    let bridge = Bridge::bare().await;
    bridge
        .callback(&bridge.company_code(&[seed::LOCATION_ID]))
        .await;
    for _ in 0..DAYS {
        bridge.after(Duration::DAY).await;
    }
    // The simulated GHL's grace time is real time, so only the absence of failed renewals is checked.
    let troubles: Vec<Option<String>> = sqlx::query_scalar("select trouble_code from tokens")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(troubles, [None, None]);
    assert!(bridge.simulation.ghl.faults().count(TOKEN) > 2 * DAYS);
    bridge.simulation.ghl.expire_access_tokens();
    assert!(bridge.use_token(&location()).await.unwrap());
}

#[tokio::test]
async fn tokens_of_a_short_life_are_used_and_do_not_end_in_a_storm() {
    let bridge = Bridge::bare().await;
    bridge
        .simulation
        .adjust(|timings| timings.access_token_lifetime = std::time::Duration::from_mins(1));
    bridge.install().await;
    assert!(bridge.use_token(&location()).await.unwrap());
    assert!(bridge.simulation.ghl.faults().count(TOKEN) <= 2);
}

#[tokio::test]
async fn a_malformed_grant_is_an_error_and_loses_no_token() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge.clock.advance(Duration::hours(25));
    for body in [
        "",
        "[]",
        r#"{"access_token":5}"#,
        r#"{"refresh_token":"a","traceId":"trace-9"}"#,
    ] {
        bridge
            .simulation
            .ghl
            .faults()
            .push(TOKEN, Fault::answer(200, body));
        // After the pause that follows the last failure.
        bridge.clock.advance(Duration::minutes(2));
        let failed = bridge.use_token(&location()).await;
        assert!(
            matches!(&failed, Err(TokenError::Call(_))),
            "{body}: {failed:?}"
        );
        if body.contains("trace-9") {
            assert!(failed.unwrap_err().to_string().contains("trace-9"));
        }
    }
    bridge.clock.advance(Duration::minutes(2));
    assert!(
        bridge.use_token(&location()).await.unwrap(),
        "the stored pair still works"
    );
}

#[tokio::test]
async fn a_location_that_needs_a_reinstall_says_so_and_its_messages_wait_for_it() {
    let bridge = dead_end().await;
    let reply = bridge.customer_writes("hai").await;
    let out = bridge.agent_writes("ya").await;
    bridge.settle().await;
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::NeedsReinstall
    );
    assert_eq!(
        bridge.state(&out).await,
        "sent",
        "WhatsApp needs no token of GHL's"
    );
    for _ in 0..40 {
        bridge.after(Duration::hours(2)).await;
    }
    let (state, reason, _) = bridge.inbound(&reply).await.unwrap();
    assert_eq!(state, "accepted", "it waits, however long");
    assert_eq!(reason.as_deref(), Some("needs_reinstall"));
    let refreshes = bridge.simulation.ghl.faults().count(TOKEN) - 1;
    assert!(
        (2..=5).contains(&refreshes),
        "one look a day, not one a message: {refreshes}"
    );
    let steps: i64 = sqlx::query_scalar(
        "select count(*) from timeline t join inbound i on i.id = t.message_id where i.wa_message_id = $1",
    )
    .bind(&reply)
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap();
    assert_eq!(steps, 2, "a long wait is one step");
    bridge.install().await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai"]);
    let listed = installs::list_installs(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(listed[0].install_status, InstallStatus::Installed);
    assert_eq!(listed[0].trouble, None);
}

#[tokio::test]
async fn a_location_that_is_not_active_keeps_its_token_and_is_tried_ever_more_slowly() {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.set_active(seed::LOCATION_ID, false);
    bridge.simulation.ghl.expire_access_tokens();
    bridge.clock.advance(Duration::hours(25));
    let reply = bridge.customer_writes("hai").await;
    let mut tries = Vec::new();
    for _ in 0..4 {
        let before = bridge.simulation.ghl.faults().count(TOKEN);
        for _ in 0..12 {
            bridge.after(Duration::hours(2)).await;
        }
        tries.push(bridge.simulation.ghl.faults().count(TOKEN) - before);
    }
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Inactive
    );
    assert!(tries[0] <= 5 && tries[3] <= 1, "{tries:?}");
    assert_eq!(bridge.inbound(&reply).await.unwrap().0, "accepted");
    bridge.simulation.ghl.set_active(seed::LOCATION_ID, true);
    for _ in 0..16 {
        bridge.after(Duration::hours(2)).await;
    }
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Installed
    );
    assert_eq!(bridge.conversation(), ["hai"], "with the pair it had");
}

#[tokio::test]
async fn a_refresh_that_fails_for_no_lasting_reason_asks_nobody_to_install_again() {
    let wrong_app =
        r#"{"error":"UnAuthorized!","error_description":"Authorization code not found"}"#;
    for fault in [
        Fault::answer(503, "<html>"),
        Fault::answer(401, wrong_app),
        Fault::answer(429, ""),
        Fault::answer(200, "{}"),
    ] {
        let bridge = Bridge::bare().await;
        bridge.install().await;
        bridge.clock.advance(Duration::hours(25));
        bridge.simulation.ghl.faults().always(TOKEN, fault.clone());
        for _ in 0..20 {
            assert!(bridge.use_token(&location()).await.is_err());
        }
        let tries = bridge.simulation.ghl.faults().count(TOKEN) - 1;
        assert_eq!(tries, 1, "the others do not try at once: {fault:?}");
        assert_eq!(
            bridge.install_status(seed::LOCATION_ID).await,
            InstallStatus::Installed
        );
        bridge.simulation.ghl.faults().clear();
        bridge.clock.advance(Duration::minutes(10));
        assert!(bridge.use_token(&location()).await.unwrap(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_renewal_that_fails_early_leaves_the_old_token_in_use() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge
        .simulation
        .ghl
        .faults()
        .always(TOKEN, Fault::answer(503, ""));
    bridge
        .after(Duration::hours(23) + Duration::minutes(56))
        .await;
    assert!(
        bridge.simulation.ghl.faults().count(TOKEN) > 1,
        "it was tried"
    );
    bridge.clock.advance(Duration::minutes(3));
    assert!(
        bridge.use_token(&location()).await.unwrap(),
        "to its last minute"
    );
}

#[tokio::test]
async fn a_token_that_has_ended_when_it_comes_is_no_storm() {
    let bridge = Bridge::bare().await;
    for life in [0, -5] {
        let grant = format!(
            r#"{{"access_token":"a","refresh_token":"r","userType":"Location","locationId":"{}","expires_in":{life}}}"#,
            seed::LOCATION_ID
        );
        bridge
            .simulation
            .ghl
            .faults()
            .push(TOKEN, Fault::answer(200, &grant));
        bridge.callback(crate::installs::ANY_CODE).await;
        bridge.settle().await;
    }
    assert_eq!(bridge.simulation.ghl.faults().count(TOKEN), 2);
}
