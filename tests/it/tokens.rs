//! The life of a token: encrypted at rest, renewed before it expires and once for all callers, or minted by its
//! agency.

use serde_json::Value;
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::accounts::tokens::TokenError;
use waapify_ghl::app::App;
use waapify_ghl::clients::ghl::{Advice, CallError};
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::states::InstallStatus;

use crate::bridge::use_token;
use crate::harness::{Bridge, location, settings};

pub const TOKEN: &str = "POST /oauth/token";

#[tokio::test]
async fn tokens_are_sealed_at_rest_and_bound_to_their_row() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let sealed: Vec<Vec<u8>> =
        sqlx::query_scalar("select unnest(array[access_token, refresh_token]) from tokens")
            .fetch_all(&bridge.database.pool)
            .await
            .unwrap();
    assert!(bridge.use_token(&location()).await.is_ok());
    let used = bridge
        .simulation
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
    sqlx::query(
        "insert into tokens (owner_id, owner_kind, access_token, expires_at, refresh_at)
         select 'moved', owner_kind, access_token, expires_at, refresh_at from tokens",
    )
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    let moved = bridge.use_token(&LocationId::from("moved")).await;
    assert!(matches!(moved, Err(TokenError::Seal(_))), "{moved:?}");
}

#[tokio::test]
async fn a_token_is_refreshed_before_it_ends() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge.clock.advance(Duration::hours(23));
    assert!(bridge.use_token(&location()).await.unwrap());
    assert_eq!(bridge.simulation.ghl.faults().count(TOKEN), 1, "not yet");
    bridge.clock.advance(Duration::minutes(58));
    assert!(bridge.use_token(&location()).await.unwrap());
    let refresh = bridge.simulation.ghl.faults().seen_at(TOKEN).remove(1).body;
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
        bridge.simulation.ghl.expire_access_tokens();
        assert!(bridge.use_token(&location()).await.unwrap());
        assert_eq!(bridge.simulation.ghl.faults().count(TOKEN), round);
    }
}

#[tokio::test]
async fn a_hundred_callers_of_two_services_refresh_once() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let pool = crate::harness::open_pool(&bridge.database.url());
    let clock = bridge.clock.clone();
    let other = App::new(&settings(&bridge.environment), pool, clock).unwrap();
    bridge.clock.advance(Duration::hours(25));
    let slow = Fault::Slow(std::time::Duration::from_millis(300));
    bridge.simulation.ghl.faults().push(TOKEN, slow);
    bridge.simulation.ghl.set_burst_limit(Some(1_000));
    let callers = (0..100).map(|n| {
        let app = if n % 2 == 0 { &bridge.app } else { &other };
        let app = app.clone();
        tokio::spawn(async move { use_token(&app, &location()).await })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert!(caller.await.unwrap().unwrap());
    }
    assert_eq!(
        bridge.simulation.ghl.faults().count(TOKEN),
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
        .simulation
        .ghl
        .faults()
        .push("GET /contacts/search/duplicate", Fault::answer(401, scope));
    let refused = bridge.use_token(&location()).await;
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
    assert_eq!(bridge.simulation.ghl.faults().count(TOKEN), 1);
}

#[tokio::test]
async fn a_dead_refresh_token_is_replaced_from_the_companys_or_asks_for_a_reinstall() {
    let bridge = Bridge::bare().await;
    let code = bridge.company_code(&[seed::LOCATION_ID]);
    bridge.get(&format!("/oauth/callback?code={code}")).await;
    bridge.simulation.ghl.revoke_refresh_tokens();
    sqlx::query("update tokens set expires_at = $1 where owner_kind = 'location'")
        .bind(bridge.clock.now())
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    assert!(bridge.use_token(&location()).await.unwrap(), "minted anew");

    let alone = Bridge::bare().await;
    alone.install().await;
    alone.simulation.ghl.revoke_refresh_tokens();
    alone.clock.advance(Duration::hours(25));
    let ended = alone.use_token(&location()).await;
    assert!(
        matches!(ended, Err(TokenError::NeedsReinstall(_))),
        "{ended:?}"
    );
}

#[tokio::test]
async fn a_minted_token_without_a_refresh_token_lives_on_through_its_company() {
    let bridge = Bridge::bare().await;
    bridge.simulation.ghl.set_location_tokens_refresh(false);
    let code = bridge.company_code(&[seed::LOCATION_ID]);
    bridge.get(&format!("/oauth/callback?code={code}")).await;
    for _ in 0..3 {
        bridge.clock.advance(Duration::hours(25));
        bridge.simulation.ghl.expire_access_tokens();
        assert!(bridge.use_token(&location()).await.unwrap());
    }
}

#[tokio::test]
async fn a_refresh_that_was_cut_off_before_its_pair_was_stored_is_repeated_in_time() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge.clock.advance(Duration::hours(25));
    // GHL has issued the new pair, but the process that asked for it died: it holds the lease and stored nothing.
    bridge
        .simulation
        .ghl
        .faults()
        .push(TOKEN, Fault::after_effect(502, ""));
    assert!(bridge.use_token(&location()).await.is_err());
    sqlx::query("update tokens set refresh_lease_until = $1")
        .bind(bridge.clock.now() + Duration::seconds(12))
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.clock.advance(Duration::seconds(12));
    assert!(
        bridge.use_token(&location()).await.unwrap(),
        "within the 30 seconds of grace"
    );
}

#[tokio::test]
async fn a_grant_without_its_life_is_a_grant_all_the_same() {
    for life in ["", r#","expires_in":"86399""#, r#","expires_in":null"#] {
        let bridge = Bridge::bare().await;
        let grant = format!(
            r#"{{"access_token":"a","refresh_token":"r","userType":"Location","locationId":"{}"{life}}}"#,
            seed::LOCATION_ID
        );
        bridge
            .simulation
            .ghl
            .faults()
            .push(TOKEN, Fault::answer(200, &grant));
        bridge.callback(crate::installs::ANY_CODE).await;
        assert_eq!(
            bridge.install_status(seed::LOCATION_ID).await,
            InstallStatus::Installed
        );
    }
}
