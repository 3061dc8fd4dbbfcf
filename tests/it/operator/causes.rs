//! What is wrong, told once and by its cause: a hold that the watch has not looked at, or has.

use simulators::seed;

use super::Browser;
use super::summaries::with_many;
use crate::app_page::Frame;
use crate::harness::Bridge;
use crate::metrics::operated;

const ON_HOLD: &str = "Sending is on hold";
const UNLINKED: &str = "not linked";

async fn run(bridge: &Bridge, sql: &'static str) {
    sqlx::query(sql)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
}

/// The part of the first page that says what is wrong now.
fn wrong(overview: &str) -> &str {
    let (_, wrong) = overview.split_once("data-key=\"wrong\"").unwrap();
    wrong.split_once("</section>").unwrap().0
}

#[tokio::test]
async fn the_words_of_a_holds_reason_find_the_sub_accounts() {
    let bridge = with_many().await;
    run(
        &bridge,
        "insert into circuits (location_id, target, last_message, since, probe_at, is_risky, reason_code)
         values ('many104', '6011104', 1, now(), now(), false, 'gateway_down')",
    )
    .await;
    let browser = Browser::sign_in(&bridge).await;
    for words in ["not+linked", "imbas+kod+QR", "link_lost"] {
        let page = browser.page(&format!("/operator/search?q={words}")).await;
        let (_, held) = page.split_once("Numbers on hold").expect(words);
        assert!(
            held.contains("many103") && held.contains("Kedai 103") && held.contains("+6011103"),
            "{words}: {page}"
        );
        assert!(
            held.contains("All that were found")
                && held.contains("/operator/numbers?hold=link_lost"),
            "{words}: {page}"
        );
        assert!(!held.contains("many104"), "{words}: {page}");
    }
    let page = browser.page("/operator/search?q=gateway_down").await;
    let (_, held) = page.split_once("Numbers on hold").unwrap();
    assert!(held.contains("many104"), "{page}");
    let page = browser.page("/operator/search?q=no+such+reason").await;
    assert!(page.contains("Nothing has this name"), "{page}");
}

#[tokio::test]
async fn a_number_on_hold_is_said_to_be_before_the_watch_has_looked() {
    let bridge = operated().await;
    let browser = Browser::sign_in(&bridge).await;
    let path = format!("/operator/locations/{}", seed::LOCATION_ID);
    let page = browser.page(&path).await;
    assert!(
        page.contains("The watch has noticed nothing")
            && page.contains("waits for a first message"),
        "{page}"
    );
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    assert!(page.contains("Write a message to a contact"), "{page}");
    run(&bridge, "update numbers set hold_code = 'quota'").await;
    for language in ["en", "ms"] {
        let page = browser.page_in(language, &path).await;
        assert!(!page.contains("The watch has noticed nothing"), "{page}");
        assert!(!page.contains("Pemantau tidak mengesan"), "{page}");
        let said = match language {
            "en" => [ON_HOLD, "Its number is on hold", "used up"],
            _ => ["Penghantaran ditahan", "Nombornya ditahan", "sudah habis"],
        };
        assert!(said.iter().all(|words| page.contains(words)), "{page}");
    }
    let page = frame.get("").await.body;
    assert!(
        page.contains(ON_HOLD) && !page.contains("Write a message to a contact"),
        "{page}"
    );
}

#[tokio::test]
async fn a_hold_and_what_the_watch_notices_of_it_are_one_matter() {
    let bridge = operated().await;
    let browser = Browser::sign_in(&bridge).await;
    let place = format!("/operator/locations/{}", seed::LOCATION_ID);
    run(&bridge, "update numbers set hold_code = 'link_lost'").await;
    let overview = browser.page("/operator").await;
    assert_eq!(wrong(&overview).matches("<li>").count(), 1, "{overview}");
    // What only follows from it, and then its cause.
    for kind in ["unheard", "silence", "link"] {
        sqlx::query(
            "insert into incidents (location_id, number, kind, since, last_seen_at)
             select location_id, number, $1, now(), now() from numbers",
        )
        .bind(kind)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
        let overview = browser.page("/operator").await;
        let shown = wrong(&overview);
        assert_eq!(shown.matches("<li>").count(), 1, "{kind}: {shown}");
        assert!(shown.contains(UNLINKED), "{kind}: {shown}");
        let page = browser.page(&place).await;
        let (_, health) = page.split_once("Its health").unwrap();
        let (health, _) = health.split_once("</section>").unwrap();
        assert_eq!(health.matches("<li").count(), 1, "{kind}: {health}");
    }
    // Another matter of the same number is told beside it.
    run(
        &bridge,
        "insert into incidents (location_id, number, kind, since, last_seen_at)
         select location_id, number, 'taken', now(), now() from numbers",
    )
    .await;
    let overview = browser.page("/operator").await;
    assert_eq!(wrong(&overview).matches("<li>").count(), 2, "{overview}");
}

#[tokio::test]
async fn many_with_one_cause_are_one_entry_that_leads_to_all_of_them() {
    let bridge = with_many().await;
    let browser = Browser::sign_in(&bridge).await;
    let overview = browser.page("/operator").await;
    let shown = wrong(&overview);
    assert!(!shown.contains("hold=link_lost"), "{shown}");
    let list = "/operator/locations?cause=link";
    let link = format!("<a href=\"{list}\">");
    assert_eq!(shown.matches(&link).count(), 1, "{shown}");
    let (_, count) = shown.split_once(&link).unwrap();
    let count: usize = count.split(' ').next().unwrap().parse().unwrap();
    let rows = browser
        .all_rows(list, "<td data-label=\"Sub-account\">")
        .await;
    assert_eq!(rows.len(), count, "{rows:?}");
    // Those whose hold the watch has not seen, and the other way round.
    for place in ["many139", "many101"] {
        assert!(rows.iter().any(|row| row.contains(place)), "{place}");
    }
}
