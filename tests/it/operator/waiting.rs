//! Messages that wait, or failed without a try: whose they are, and the lists to which a queue leads.

use simulators::seed;
use waapify_ghl::model::states::Direction;

use super::Browser;
use super::summaries::with_many;
use crate::app_page::Frame;
use crate::messages::{messages, number_of};
use crate::metrics::operated;
use crate::monitor::look_later;
use crate::people::delivers;

/// The last digits of Aisyah's number.
const END: &str = "…6789";

#[tokio::test]
async fn a_message_that_waits_shows_the_end_of_its_customers_number_and_then_the_name() {
    let bridge = operated().await;
    sqlx::query("update numbers set hold_code = 'quota', next_send_at = now() + interval '1 year'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let number = number_of(&bridge, &id).await;
    let chat: Option<String> = sqlx::query_scalar("select chat from outbound")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(chat, None, "nothing was tried");
    let browser = Browser::sign_in(&bridge).await;
    let place = format!("/operator/locations/{}", seed::LOCATION_ID);
    let list = format!("{place}/messages");
    let waiting = format!("{list}?queue=outbound&state=accepted");
    for path in [&place, &list, &waiting] {
        let page = browser.page(path).await;
        assert!(page.contains(END), "{path}: {page}");
    }
    let one = browser.page(&format!("/operator/messages/{number}")).await;
    assert!(one.contains(seed::AISYAH.2), "{one}");
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for path in ["/messages".to_owned(), format!("/messages/{number}")] {
        let page = frame.get(&path).await.body;
        assert!(
            page.contains(END) && !page.contains(seed::AISYAH.2),
            "{path}: {page}"
        );
    }
    let (_, listed, _) = messages(&bridge, &["list"]).await;
    assert!(listed.contains("6789"), "{listed}");
    look_later(&bridge).await;
    for path in [&list, &waiting] {
        let page = browser.page(path).await;
        assert!(
            page.contains(seed::AISYAH.1) && page.contains(END),
            "{path}: {page}"
        );
    }
    let page = frame.get("/messages").await.body;
    assert!(page.contains(seed::AISYAH.1), "{page}");
    // Found once, also after a message went there.
    sqlx::query("update numbers set hold_code = null, next_send_at = now()")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
    look_later(&bridge).await;
    let (status, page) = browser.get("/operator/search?q=aisyah").await;
    assert_eq!(status, axum::http::StatusCode::SEE_OTHER, "{page}");
}

#[tokio::test]
async fn a_message_that_failed_without_a_try_shows_what_the_contact_has() {
    let bridge = operated().await;
    delivers(&bridge, "short", seed::AISYAH.0, "012-34").await;
    assert_eq!(bridge.state("short").await, "failed");
    let number = number_of(&bridge, "short").await;
    let browser = Browser::sign_in(&bridge).await;
    let list = browser.page("/operator/failures").await;
    assert!(list.contains("…1234"), "{list}");
    let one = browser.page(&format!("/operator/messages/{number}")).await;
    assert!(one.contains("012-34"), "{one}");
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("/messages?state=failed").await.body;
    assert!(page.contains("…1234"), "{page}");
}

#[tokio::test]
async fn a_row_of_a_queue_leads_to_as_many_messages() {
    let bridge = with_many().await;
    let browser = Browser::sign_in(&bridge).await;
    for (queue, way) in [
        ("outbound&state=accepted", Direction::Outbound),
        ("inbound&state=held", Direction::Inbound),
    ] {
        let page = browser
            .page(&format!("/operator/queues?queue={queue}"))
            .await;
        let link = "/operator/locations/many101/messages?";
        let address = format!("{link}queue={}", queue.replace('&', "&amp;"));
        let (_, row) = page.split_once(&address).expect(&address);
        let (_, count) = row.split_once("data-label=\"How many\">").unwrap();
        let count: usize = count.split('<').next().unwrap().parse().unwrap();
        let list = format!("{link}queue={queue}");
        let rows = browser.all_rows(&list, "<td data-label=\"Message\">").await;
        assert_eq!(rows.len(), count, "{queue}");
        let word = match way {
            Direction::Outbound => "to WhatsApp",
            Direction::Inbound => "to GHL",
        };
        assert!(rows.iter().all(|row| row.contains(word)), "{rows:?}");
        let page = browser.page(&list).await;
        assert!(
            page.contains("Only queue") && page.contains("/operator/locations/many101\""),
            "{page}"
        );
    }
}
