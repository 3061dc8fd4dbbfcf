//! The OAuth callback and what follows: tokens sealed, refreshed when they end, minted from a company's.

use axum::http::StatusCode;
use serde_json::Value;
use time::Duration;
use waapify_ghl::clients::ghl::{Advice, CallError};
use waapify_ghl::ids::LocationId;
use waapify_ghl::sandbox::{Fault, InstallKind, seed};
use waapify_ghl::tokens::TokenError;

use crate::harness::{Bridge, location};

const TOKEN: &str = "POST /oauth/token";

/// A call that GHL refuses without a valid token.
async fn use_token(bridge: &Bridge, location: &LocationId) -> Result<bool, TokenError> {
    let find = |ghl: waapify_ghl::clients::ghl::Client, token| {
        let location = location.clone();
        async move { ghl.find_contact(&token, &location, seed::AISYAH.2).await }
    };
    bridge
        .app
        .relay
        .tokens
        .call(location, find)
        .await
        .map(|found| found.is_some())
}

fn company(location_ids: &[&str]) -> InstallKind {
    InstallKind::Company {
        company_id: seed::COMPANY_ID.to_owned(),
        location_ids: location_ids.iter().map(ToString::to_string).collect(),
        bulk: true,
    }
}

#[tokio::test]
async fn a_location_install_ends_in_a_working_token_and_says_what_to_do_next() {
    let bridge = Bridge::bare().await;
    let page = bridge.install().await;
    assert!(
        page.contains("connect your WhatsApp number") && page.contains("SMS Provider"),
        "{page}"
    );
    assert!(page.contains(&format!("{}/connect/", bridge.address)));
    assert!(use_token(&bridge, &location()).await.unwrap());
    let exchange = bridge.world.ghl.faults().seen_at(TOKEN).remove(0).body;
    assert_eq!(exchange["user_type"], "Location");
    assert_eq!(
        exchange["redirect_uri"],
        format!("{}/oauth/callback", bridge.address)
    );
}

#[tokio::test]
async fn a_company_install_is_minted_into_tokens_of_its_locations() {
    let bridge = Bridge::bare().await;
    bridge
        .world
        .ghl
        .add_location(seed::COMPANY_ID, "SecondLocation", "Kedai Dua");
    bridge
        .world
        .ghl
        .add_location(seed::COMPANY_ID, "PausedLocation", "Kedai Tiga");
    let code = bridge.world.ghl.issue_code(company(&[
        seed::LOCATION_ID,
        "SecondLocation",
        "PausedLocation",
    ]));
    bridge.world.ghl.set_active("PausedLocation", false);
    let (status, page) = bridge.get(&format!("/oauth/callback?code={code}")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(
        page.matches("/connect/").count(),
        2,
        "one link for each location that can be used: {page}"
    );
    assert!(
        page.contains("PausedLocation"),
        "and the one that cannot is named"
    );
    assert!(use_token(&bridge, &location()).await.unwrap());
    assert!(
        !use_token(&bridge, &LocationId::from("SecondLocation"))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_code_used_twice_or_made_up_gets_a_page_that_helps() {
    let bridge = Bridge::bare().await;
    let location_id = seed::LOCATION_ID.to_owned();
    let code = bridge
        .world
        .ghl
        .issue_code(InstallKind::Location { location_id });
    bridge.get(&format!("/oauth/callback?code={code}")).await;
    for query in [
        format!("?code={code}"),
        "?code=madeup".into(),
        "?code=".into(),
        String::new(),
        "?error=access_denied".into(),
    ] {
        let (status, page) = bridge.get(&format!("/oauth/callback{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(page.contains("install"), "{page}");
    }
    assert!(
        use_token(&bridge, &location()).await.unwrap(),
        "the first install stands"
    );
}

#[tokio::test]
async fn a_ghl_that_does_not_answer_gets_a_page_that_says_so() {
    let bridge = Bridge::bare().await;
    bridge
        .world
        .ghl
        .faults()
        .push(TOKEN, Fault::answer(503, "<html>"));
    let (status, page) = bridge.get("/oauth/callback?code=x").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(page.contains("once more in a few minutes"), "{page}");
}

#[tokio::test]
async fn tokens_are_sealed_at_rest_and_bound_to_their_row() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let sealed: Vec<Vec<u8>> =
        sqlx::query_scalar("select unnest(array[access_token, refresh_token]) from tokens")
            .fetch_all(&bridge.database.pool)
            .await
            .unwrap();
    assert!(use_token(&bridge, &location()).await.is_ok());
    let used = bridge
        .world
        .ghl
        .faults()
        .seen_at("GET /contacts/search/duplicate")
        .remove(0);
    let bearer = used.headers["authorization"]
        .to_str()
        .unwrap()
        .trim_start_matches("Bearer ")
        .to_owned();
    for value in &sealed {
        assert!(
            !value
                .windows(bearer.len())
                .any(|window| window == bearer.as_bytes())
        );
    }
    sqlx::query("insert into tokens select 'moved', owner_kind, company_id, access_token, refresh_token, expires_at, version from tokens")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let moved = use_token(&bridge, &LocationId::from("moved")).await;
    assert!(matches!(moved, Err(TokenError::Seal(_))), "{moved:?}");
}

#[tokio::test]
async fn a_token_is_refreshed_before_it_ends() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge.clock.advance(Duration::hours(23));
    assert!(use_token(&bridge, &location()).await.unwrap());
    assert_eq!(bridge.world.ghl.faults().count(TOKEN), 1, "not yet");
    bridge.clock.advance(Duration::minutes(58));
    assert!(use_token(&bridge, &location()).await.unwrap());
    let refresh = bridge.world.ghl.faults().seen_at(TOKEN).remove(1).body;
    assert_eq!(
        (&refresh["grant_type"], &refresh["user_type"]),
        (&Value::from("refresh_token"), &Value::from("Location"))
    );
}

#[tokio::test]
async fn an_expiry_that_ghl_reports_leads_to_one_refresh() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    for round in 2..5 {
        bridge.world.ghl.expire_access_tokens();
        assert!(use_token(&bridge, &location()).await.unwrap());
        assert_eq!(bridge.world.ghl.faults().count(TOKEN), round);
    }
}

#[tokio::test]
async fn many_callers_at_once_refresh_once() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge.clock.advance(Duration::hours(25));
    let callers = (0..12).map(|_| {
        let (tokens, location) = (bridge.app.relay.tokens.clone(), location());
        tokio::spawn(async move {
            let find = |ghl: waapify_ghl::clients::ghl::Client, token| {
                let location = location.clone();
                async move { ghl.find_contact(&token, &location, seed::AISYAH.2).await }
            };
            tokens.call(&location, find).await.map(|_| ())
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(
        bridge.world.ghl.faults().count(TOKEN),
        2,
        "the install and one refresh"
    );
}

#[tokio::test]
async fn a_refusal_of_another_meaning_never_refreshes() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let scope = r#"{"statusCode":401,"message":"The token is not authorized for this scope."}"#;
    bridge
        .world
        .ghl
        .faults()
        .push("GET /contacts/search/duplicate", Fault::answer(401, scope));
    let refused = use_token(&bridge, &location()).await;
    assert!(
        matches!(
            refused,
            Err(TokenError::Call(CallError {
                advice: Advice::Reject,
                ..
            }))
        ),
        "{refused:?}"
    );
    assert_eq!(bridge.world.ghl.faults().count(TOKEN), 1);
}

#[tokio::test]
async fn a_dead_refresh_token_is_replaced_from_the_companys_or_asks_for_a_reinstall() {
    let bridge = Bridge::bare().await;
    let code = bridge.world.ghl.issue_code(company(&[seed::LOCATION_ID]));
    bridge.get(&format!("/oauth/callback?code={code}")).await;
    bridge.world.ghl.revoke_refresh_tokens();
    sqlx::query("update tokens set expires_at = $1 where owner_kind = 'location'")
        .bind(bridge.clock.now())
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    assert!(
        use_token(&bridge, &location()).await.unwrap(),
        "minted anew"
    );

    let alone = Bridge::bare().await;
    alone.install().await;
    alone.world.ghl.revoke_refresh_tokens();
    alone.clock.advance(Duration::hours(25));
    let ended = use_token(&alone, &location()).await;
    assert!(
        matches!(ended, Err(TokenError::NeedsReinstall(_))),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_minted_token_without_a_refresh_token_lives_on_through_its_company() {
    let bridge = Bridge::bare().await;
    bridge.world.ghl.set_location_tokens_refresh(false);
    let code = bridge.world.ghl.issue_code(company(&[seed::LOCATION_ID]));
    bridge.get(&format!("/oauth/callback?code={code}")).await;
    for _ in 0..3 {
        bridge.clock.advance(Duration::hours(25));
        bridge.world.ghl.expire_access_tokens();
        assert!(use_token(&bridge, &location()).await.unwrap());
    }
}

#[tokio::test]
async fn tokens_of_a_short_life_are_used_and_do_not_end_in_a_storm() {
    let bridge = Bridge::bare().await;
    bridge
        .world
        .adjust(|timings| timings.access_token_lifetime = std::time::Duration::from_mins(1));
    bridge.install().await;
    assert!(use_token(&bridge, &location()).await.unwrap());
    assert!(bridge.world.ghl.faults().count(TOKEN) <= 2);
}

#[tokio::test]
async fn a_refresh_that_was_cut_off_before_its_pair_was_stored_is_repeated_in_time() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge.clock.advance(Duration::hours(25));
    // GHL has given the new pair, but the process that asked died: it holds the lease and stored nothing.
    bridge
        .world
        .ghl
        .faults()
        .push(TOKEN, Fault::after_effect(502, ""));
    assert!(use_token(&bridge, &location()).await.is_err());
    sqlx::query("update tokens set refresh_lease_until = $1")
        .bind(bridge.clock.now() + Duration::seconds(12))
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.clock.advance(Duration::seconds(12));
    assert!(
        use_token(&bridge, &location()).await.unwrap(),
        "within the 30 seconds of grace"
    );
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
        r#"{"access_token":"a","traceId":"trace-9"}"#,
    ] {
        bridge
            .world
            .ghl
            .faults()
            .push(TOKEN, Fault::answer(200, body));
        let failed = use_token(&bridge, &location()).await;
        assert!(
            matches!(&failed, Err(TokenError::Call(_))),
            "{body}: {failed:?}"
        );
        if body.contains("trace-9") {
            assert!(failed.unwrap_err().to_string().contains("trace-9"));
        }
    }
    assert!(
        use_token(&bridge, &location()).await.unwrap(),
        "the stored pair still works"
    );
}
