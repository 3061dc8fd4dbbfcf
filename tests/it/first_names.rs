//! Names are known from the first page on: GHL is asked right after an install, and nobody waits long for it.

use axum::http::StatusCode;
use simulators::{Fault, InstallKind, seed};

use crate::agency_page::{admin, store};
use crate::app_page::Frame;
use crate::connecting::{link, post};
use crate::harness::{Bridge, wait};

const DESCRIBE: &str = "GET /locations/{id}";

async fn zone(bridge: &Bridge) -> Option<String> {
    sqlx::query_scalar("select time_zone from locations where location_id = $1")
        .bind(seed::LOCATION_ID)
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_first_page_after_an_install_names_the_sub_account_in_its_time_zone() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let (_, page) = bridge.get(&link).await;
    assert!(page.contains(seed::LOCATION_NAME), "{page}");
    assert_eq!(zone(&bridge).await.as_deref(), Some("Asia/Kuala_Lumpur"));
    let page = admin(&bridge).await.get("").await.body;
    assert!(page.contains(seed::LOCATION_NAME), "{page}");
}

#[tokio::test]
async fn without_an_answer_the_page_comes_with_the_id_and_the_next_look_has_the_name() {
    let bridge = Bridge::bare().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(DESCRIBE, Fault::answer(503, ""));
    let link = link(&bridge).await;
    let (status, page) = bridge.get(&link).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains(seed::LOCATION_ID) && !page.contains(seed::LOCATION_NAME));
    faults.clear();
    Frame::open(&bridge, seed::LOCATION_ID).await;
    wait("the name is known", async || zone(&bridge).await.is_some()).await;
}

#[tokio::test]
async fn the_list_of_an_agencys_install_has_names_and_a_place_for_its_token() {
    let bridge = Bridge::bare().await;
    let ghl = &bridge.simulation.ghl;
    ghl.add_location(seed::COMPANY_ID, seed::SECOND_LOCATION_ID, "Kedai Dua");
    let code = bridge.company_code(&[seed::LOCATION_ID, seed::SECOND_LOCATION_ID]);
    let page = bridge.callback(&code).await;
    assert!(
        page.contains("Kedai Dua") && page.contains(seed::LOCATION_NAME),
        "{page}"
    );
    let (_, rest) = page.split_once("action=\"/oauth/installed/").unwrap();
    let path = format!("/oauth/installed/{}", rest.split('"').next().unwrap());
    let list = path.strip_suffix("/token").unwrap();
    let send = async |token: &str| {
        let request = bridge.http.post(format!("{}{path}", bridge.address));
        request
            .form(&[("access_token", token)])
            .send()
            .await
            .unwrap()
    };
    let refused = send("wrong").await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = refused.text().await.unwrap();
    assert!(
        refused.contains("does not know this access token"),
        "{refused}"
    );
    assert_eq!(
        send(seed::ACCESS_TOKEN).await.status(),
        StatusCode::SEE_OTHER
    );
    let (_, page) = bridge.get(list).await;
    assert!(
        page.contains("Your agency's Waapify token is stored"),
        "{page}"
    );
    assert!(!page.contains("name=\"access_token\""), "{page}");
    assert_eq!(
        send("another").await.status(),
        StatusCode::FORBIDDEN,
        "never over another"
    );
    assert_eq!(acts(&bridge).await, ["refused", "done"]);
}

/// How what was done with the token on that page ended.
async fn acts(bridge: &Bridge) -> Vec<String> {
    sqlx::query_scalar(
        "select outcome from audit where actor_kind = 'link' and action = 'keep_token' and place = $1 order by id",
    )
    .bind(seed::COMPANY_ID)
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_token_that_could_not_be_checked_is_corrected_there_until_waapify_has_taken_it() {
    let bridge = Bridge::bare().await;
    let ghl = &bridge.simulation.ghl;
    ghl.add_location(seed::COMPANY_ID, seed::SECOND_LOCATION_ID, "Kedai Dua");
    let code = bridge.company_code(&[seed::LOCATION_ID, seed::SECOND_LOCATION_ID]);
    let page = bridge.callback(&code).await;
    let (_, rest) = page.split_once("action=\"/oauth/installed/").unwrap();
    let path = format!("/oauth/installed/{}", rest.split('"').next().unwrap());
    let list = path.strip_suffix("/token").unwrap();
    let faults = bridge.simulation.waapify.faults();
    let send = async |token: &str| post(&bridge, &path, &[("access_token", token)]).await;
    faults.always("reconnect.php", Fault::answer(502, "<html>"));
    for token in ["mistyped", "mistyped again"] {
        let (status, page) = send(token).await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            page.contains("could not be checked") && page.contains("name=\"access_token\""),
            "{page}"
        );
    }
    faults.clear();
    let (status, page) = send("wrong").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("does not know this access token"), "{page}");
    let (_, page) = send(seed::ACCESS_TOKEN).await;
    assert!(!page.contains("name=\"access_token\""), "{page}");
    assert_eq!(send("another").await.0, StatusCode::FORBIDDEN);
    assert_eq!(acts(&bridge).await, ["done", "done", "refused", "done"]);
    // The agency's own page, and a code that Waapify gave, end it too.
    for ends in ["gateway", "agency"] {
        let list_may = "update gateway_tokens set unchecked_by = (select list_hash from connect_links limit 1)";
        sqlx::query(list_may)
            .execute(&bridge.database.pool)
            .await
            .unwrap();
        let (_, page) = bridge.get(list).await;
        assert!(page.contains("name=\"access_token\""), "{page}");
        if ends == "agency" {
            store(&bridge, seed::ACCESS_TOKEN).await;
        } else {
            let link = link_in(&page);
            post(&bridge, &format!("{link}/qr"), &[]).await;
        }
        let (_, page) = bridge.get(list).await;
        assert!(!page.contains("name=\"access_token\""), "{ends}: {page}");
    }
}

/// The path of the first connect link on a page.
fn link_in(page: &str) -> String {
    let (_, token) = page.split_once("/connect/").unwrap();
    format!("/connect/{}", token.split(['"', '?']).next().unwrap())
}

#[tokio::test]
async fn only_whoever_installed_for_the_agency_gets_that_place() {
    let bridge = Bridge::bare().await;
    let code = bridge.company_code(&[seed::LOCATION_ID]);
    let page = bridge.callback(&code).await;
    assert!(
        page.contains("name=\"keep\""),
        "of one, on its own page: {page}"
    );
    let bridge = Bridge::bare().await;
    let code = bridge.simulation.ghl.issue_code(InstallKind::Location {
        location_id: seed::LOCATION_ID.to_owned(),
    });
    let page = bridge.callback(&code).await;
    assert!(!page.contains("name=\"keep\""), "{page}");
}
