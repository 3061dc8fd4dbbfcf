//! Another location's ids in an address or a form: nothing is shown and nothing changes, on every route. A user of
//! another agency is refused too.

use axum::http::StatusCode;
use simulators::seed;

use super::{Frame, OTHER, exchange, install_other, payload_of};
use crate::harness::Bridge;
use crate::messages::number_of;
use crate::sso::user_of;

/// Every row that the page can change, as text.
async fn everything(bridge: &Bridge) -> Vec<String> {
    sqlx::query_scalar(
        "select n::text from numbers n union all select o::text from outbound o union all select i::text from inbound i
         union all select t::text from timeline t union all select c::text from connect_links c
         union all select l::text from locations l order by 1",
    )
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap()
}

/// A bridge with a number, a failed message and an inbound one at the seeded location. Returns the failed one's
/// number.
async fn two_locations() -> (Bridge, String) {
    let bridge = Bridge::new().await;
    install_other(&bridge).await;
    bridge.customer_writes("hai").await;
    let id = bridge.agent_sends(seed::NOMBOR_SALAH.0, "hai", &[]).await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "failed");
    let id = number_of(&bridge, &id).await;
    (bridge, id)
}

/// Makes no number the default, because the default number may not be removed.
async fn send_from_none(bridge: &Bridge) {
    sqlx::query("update numbers set is_default = false")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn another_locations_ids_in_an_address_find_nothing_and_change_nothing() {
    let (bridge, id) = two_locations().await;
    send_from_none(&bridge).await;
    let stranger = Frame::open(&bridge, OTHER).await;
    let token = stranger.token().await;
    let number = seed::NUMBER;
    // Every route below a session that takes an id, and the fields of its form.
    let reads = [
        format!("/messages/{id}"),
        format!("/numbers/{number}"),
        format!("/numbers/{number}/link"),
        format!("/numbers/{number}/link/qr.png"),
        format!("/numbers/{number}/link/state"),
    ];
    let writes: [(String, &[(&str, &str)]); 5] = [
        (format!("/messages/{id}/retry"), &[("sure", "1")]),
        (
            format!("/numbers/{number}"),
            &[("name", "mine"), ("groups", "1")],
        ),
        (format!("/numbers/{number}/default"), &[]),
        (format!("/numbers/{number}/relink"), &[]),
        (format!("/numbers/{number}/remove"), &[]),
    ];
    let before = everything(&bridge).await;
    let calls = bridge.simulation.waapify.faults().count("reconnect.php");
    for rest in &reads {
        let answer = stranger.get(rest).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{rest}");
        assert!(!answer.body.contains(number), "{rest}");
    }
    for (rest, fields) in &writes {
        let answer = stranger.post_with(rest, &token, fields).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{rest}");
    }
    assert_eq!(everything(&bridge).await, before);
    let asked = bridge.simulation.waapify.faults().count("reconnect.php");
    assert_eq!(asked, calls, "nor is the gateway asked with its keys");
    // A row that does not exist gets the same answer.
    let unknown = stranger.get("/messages/999999999").await;
    let foreign = stranger.get(&reads[0]).await;
    assert_eq!(unknown.body, foreign.body);
    // Its owner can use each of the routes.
    let owner = Frame::open(&bridge, seed::LOCATION_ID).await;
    for rest in &reads {
        let answer = owner.get(rest).await;
        let is_there = answer.status.is_success()
            || answer.status == StatusCode::SEE_OTHER
            // A linked number has no picture.
            || rest.ends_with("qr.png") && !answer.body.contains("There is nothing here");
        assert!(is_there, "{rest}: {} {}", answer.status, answer.body);
    }
    for (rest, fields) in &writes {
        send_from_none(&bridge).await;
        let answer = owner.post(rest, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{rest}");
    }
}

#[tokio::test]
async fn pages_without_an_id_show_the_sessions_location_alone() {
    let (bridge, id) = two_locations().await;
    let stranger = Frame::open(&bridge, OTHER).await;
    for query in ["", "location", "location_id", "locationId", "number", "id"] {
        for rest in ["", "/messages", "/checks"] {
            let rest = match query {
                "" => rest.to_owned(),
                query => format!("{rest}?{query}={}", seed::LOCATION_ID),
            };
            let page = stranger.get(&rest).await;
            assert_eq!(page.status, StatusCode::OK, "{rest}");
            assert!(!page.body.contains(seed::NUMBER), "{rest}");
            assert!(!page.body.contains(&format!("/messages/{id}\"")), "{rest}");
            assert!(!page.body.contains(seed::LOCATION_ID), "{rest}");
        }
    }
}

#[tokio::test]
async fn another_locations_ids_in_a_form_change_nothing_of_it() {
    let (bridge, id) = two_locations().await;
    let stranger = Frame::open(&bridge, OTHER).await;
    let before = everything(&bridge).await;
    let fields = [
        ("location", seed::LOCATION_ID),
        ("location_id", seed::LOCATION_ID),
        ("locationId", seed::LOCATION_ID),
        ("number", seed::NUMBER),
        ("id", id.as_str()),
        ("session", seed::LOCATION_ID),
        ("sure", "1"),
    ];
    for rest in [
        "/messages/999999999/retry",
        "/numbers/60190000000",
        "/numbers/60190000000/default",
        "/numbers/60190000000/relink",
        "/numbers/60190000000/remove",
    ] {
        let answer = stranger.post(rest, &fields).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{rest}");
    }
    assert_eq!(everything(&bridge).await, before);
    // The one form without an id makes a link for the session's own location.
    stranger.post("/connect", &fields).await.leads_to();
    let linked: Vec<String> = sqlx::query_scalar(
        "select location_id from connect_links where expires_at = (select max(expires_at) from connect_links)",
    )
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap();
    assert!(linked.contains(&OTHER.to_owned()), "{linked:?}");
}

#[tokio::test]
async fn every_form_needs_the_token_of_its_own_session_and_comes_from_a_page_of_ours() {
    let (bridge, id) = two_locations().await;
    let owner = Frame::open(&bridge, seed::LOCATION_ID).await;
    let other_session = Frame::open(&bridge, seed::LOCATION_ID).await.token().await;
    let own = owner.token().await;
    let before = everything(&bridge).await;
    for rest in [
        format!("/messages/{id}/retry"),
        format!("/numbers/{}", seed::NUMBER),
        format!("/numbers/{}/default", seed::NUMBER),
        format!("/numbers/{}/relink", seed::NUMBER),
        format!("/numbers/{}/remove", seed::NUMBER),
        "/connect".to_owned(),
    ] {
        for token in ["", "csrf", &other_session] {
            let answer = owner.post_with(&rest, token, &[("sure", "1")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{rest}: {token}");
        }
        for origin in ["https://evil.example", "null"] {
            let address = format!("{}{}{rest}", bridge.address, owner.path);
            let request = bridge.http.post(address).form(&[("csrf", &own)]);
            let request = request
                .header("cookie", &owner.cookie)
                .header("origin", origin);
            let status = request.send().await.unwrap().status();
            assert_eq!(status, StatusCode::FORBIDDEN, "{rest}: {origin}");
        }
        // A link never sends a form.
        let status = owner.get(&rest).await.status;
        let is_page = rest.ends_with(seed::NUMBER);
        let expected = if is_page {
            StatusCode::OK
        } else {
            // Back and reloads lead to the page with the form.
            StatusCode::SEE_OTHER
        };
        assert_eq!(status, expected, "{rest}");
        // A session's cookie does not open another session's address.
        let elsewhere = Frame {
            bridge: &bridge,
            path: "/app/another".to_owned(),
            cookie: owner.cookie.clone(),
        };
        let answer = elsewhere.post_with(&rest, &own, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{rest}");
    }
    assert_eq!(everything(&bridge).await, before);
}

#[tokio::test]
async fn a_user_of_another_agency_than_the_locations_gets_no_session() {
    let bridge = Bridge::new().await;
    let mut user = user_of(seed::LOCATION_ID);
    user["companyId"] = "another".into();
    let answer = exchange(&bridge, &payload_of(&user)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.headers.get("set-cookie").is_none());
    // GHL may not have said yet to which agency a location belongs.
    sqlx::query("update locations set company_id = null")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let answer = exchange(&bridge, &payload_of(&user_of(seed::LOCATION_ID))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}
