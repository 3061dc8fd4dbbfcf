//! What the operator's lists say of each row: names beside ids, one entry for one cause, pages of a long list.

use std::sync::Arc;

use simulators::seed;
use time::Duration;
use waapify_ghl::workers::hour_counts::HourCounts;
use waapify_ghl::workers::step;

use super::Browser;
use super::summaries::with_many;
use crate::harness::Bridge;
use crate::messages::number_of;
use crate::metrics::operated;

async fn run(bridge: &Bridge, statements: &[&'static str]) {
    for sql in statements {
        sqlx::query(*sql)
            .execute(&bridge.database.pool)
            .await
            .unwrap();
    }
}

/// What GHL calls the sub-account, its agency and the customer of a failed message.
const NAMED: [&str; 3] = [
    "update locations set company_id = 'agencyA'",
    "insert into account_names (owner_id, name)
     select location_id, 'Kedai Kasut' from locations union all select 'agencyA', 'Agensi Utama'
     on conflict (owner_id) do update set name = excluded.name",
    "update contacts set name = 'Puan Faridah'",
];

#[tokio::test]
async fn names_stand_beside_ids_wherever_messages_are_listed() {
    let bridge = operated().await;
    let id = bridge.agent_writes("rahsia").await;
    bridge.settle().await;
    run(&bridge, &NAMED).await;
    run(
        &bridge,
        &["update outbound set state = 'failed', reason_code = 'too_long'"],
    )
    .await;
    let browser = Browser::sign_in(&bridge).await;
    let number = number_of(&bridge, &id).await;
    let place = format!("/operator/locations/{}", seed::LOCATION_ID);
    for path in [
        "/operator".to_owned(),
        "/operator/failures".to_owned(),
        "/operator/failures.csv".to_owned(),
        format!("/operator/messages/{number}"),
        format!("{place}/messages"),
        place,
    ] {
        let page = browser.page(&path).await;
        for shown in ["Kedai Kasut", seed::LOCATION_ID, "Agensi Utama", "agencyA"] {
            assert!(page.contains(shown), "{shown} on {path}: {page}");
        }
        assert!(page.contains("Puan Faridah"), "{path}: {page}");
    }
    for path in [
        format!("/operator/failures?location={}", seed::LOCATION_ID),
        format!("/operator/audit?location={}", seed::LOCATION_ID),
    ] {
        let page = browser.page(&path).await;
        let filter = format!("Kedai Kasut ({})", seed::LOCATION_ID);
        assert!(page.contains(&filter), "{path}: {page}");
    }
    for list in ["locations", "numbers", "failures"] {
        let path = format!("/operator/{list}?agency=agencyA");
        let page = browser.page(&path).await;
        assert!(page.contains("Agensi Utama (agencyA)"), "{path}: {page}");
    }
}

#[tokio::test]
async fn numbers_that_stop_for_one_cause_are_one_entry_that_unfolds() {
    let bridge = with_many().await;
    run(
        &bridge,
        &["insert into circuits (location_id, target, last_message, since, probe_at, is_risky, reason_code, reason_args)
           select location_id, number, 1, now() - interval '1 hour', now(), false, 'gateway_down', null
           from numbers where hold_code is null and location_id like 'many%'"],
    )
    .await;
    let browser = Browser::sign_in(&bridge).await;
    let overview = browser.page("/operator").await;
    let (_, wrong) = overview.split_once("<ul class=\"wrong\">").unwrap();
    let (wrong, _) = wrong.split_once("<section").unwrap();
    for (list, cell) in [
        ("locations?cause=link", "Sub-account"),
        ("numbers?hold=wrong_keys", "Number"),
        ("numbers?circuit=gateway_down", "Number"),
    ] {
        let link = format!("/operator/{list}");
        assert_eq!(wrong.matches(&link).count(), 1, "{list}: {wrong}");
        let (_, entry) = wrong.split_once(&link).unwrap();
        let count: usize = entry[2..].split(' ').next().unwrap().parse().unwrap();
        let cell = format!("<td data-label=\"{cell}\">");
        let rows = browser.all_rows(&link, &cell).await;
        assert!(count > 4, "{link}: {count}");
        assert_eq!(rows.len(), count, "{link}");
        assert!(entry.contains("<details>"), "{entry}");
    }
    let entries = wrong.matches("<li><span class=\"pill").count();
    assert!(entries < 15, "{entries}: {wrong}");
    // Of the waiting messages of seven sub-accounts most wait because of links.
    let at = |text: &str| wrong.find(text).unwrap();
    assert!(at("messages wait") < at("/operator/failures?reason="));
}

#[tokio::test]
async fn a_long_queue_is_paged_both_ways_and_misses_no_place() {
    let bridge = operated().await;
    run(
        &bridge,
        &["insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
           select 'q' || n, n || '/' || m, 'c', '{}', '2100-01-01', now()
           from generate_series(100, 259) n cross join lateral generate_series(1, 1 + n % 3) m"],
    )
    .await;
    let browser = Browser::sign_in(&bridge).await;
    let (begin, row) = (
        "/operator/queues?queue=outbound&state=accepted",
        "<td data-label=\"Sub-account\">",
    );
    let mut forth = browser.all_rows(begin, row).await;
    assert_eq!(forth.len(), 160);
    let link = |page: &str, rel: &str| {
        let (before, _) = page.split_once(&format!("\" rel=\"{rel}\""))?;
        let (_, link) = before.rsplit_once("href=\"")?;
        Some(link.replace("&amp;", "&"))
    };
    let mut last = begin.to_owned();
    while let Some(next) = link(&browser.page(&last).await, "next") {
        last = next;
    }
    let (mut back, mut at) = (Vec::new(), Some(last));
    while let Some(path) = at {
        let page = browser.page(&path).await;
        let cells = page.split(row).skip(1);
        let mut rows: Vec<_> = cells
            .map(|cell| cell.split("</td>").next().unwrap().to_owned())
            .collect();
        rows.extend(back);
        back = rows;
        at = link(&page, "prev");
    }
    assert_eq!(forth, back);
    forth.sort();
    forth.dedup();
    assert_eq!(forth.len(), 160);
}

/// The page to which a search leads at once, or what it shows.
async fn search(browser: &Browser<'_>, bridge: &Bridge, text: &str) -> Result<String, String> {
    let mut url: url::Url = format!("{}/operator/search", bridge.address)
        .parse()
        .unwrap();
    url.query_pairs_mut().append_pair("q", text);
    let request = browser.client.get(url).header("cookie", &browser.cookie);
    let answer = request.send().await.unwrap();
    match answer.headers().get("location") {
        Some(to) => Ok(to.to_str().unwrap().to_owned()),
        None => Err(answer.text().await.unwrap()),
    }
}

#[tokio::test]
async fn the_search_finds_agencies_instances_customers_and_reasons_however_they_are_written() {
    let bridge = with_many().await;
    let contact = seed::AISYAH.0;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    run(
        &bridge,
        &[
            "update contacts set name = 'Siti  Nurhaliza (Pejabat)'",
            "update account_names set name = 'Kedai  Dua  Ruang' where owner_id = 'many124'",
            "update locations set company_id = 'SoleAgency9' where location_id = 'many125'",
        ],
    )
    .await;
    let browser = Browser::sign_in(&bridge).await;
    let customer = format!(
        "/operator/locations/{}/messages?contact={contact}",
        seed::LOCATION_ID
    );
    for (text, leads_to) in [
        ("siti nurhaliza", customer.as_str()),
        ("  NURHAL   siti", &customer),
        ("pejabat", &customer),
        ("+60 12-345 6789", &customer),
        ("012-345 6789", &customer),
        ("0123456789", &customer),
        ("i134", "/operator/locations/many134"),
        ("kedai dua ruang", "/operator/locations/many124"),
        ("KEDAI   DUA", "/operator/locations/many124"),
        ("ruang kedai", "/operator/locations/many124"),
    ] {
        let found = search(&browser, &bridge, text).await;
        assert_eq!(found.as_deref(), Ok(leads_to), "{text}");
    }
    let page = search(&browser, &bridge, "soleagency9").await.unwrap_err();
    assert!(
        page.contains("/operator/locations?agency=SoleAgency9") && page.contains("many125"),
        "{page}"
    );
    // The English and the Malay sentence of `phone_incomplete`.
    for words in [
        "phone number is not COMPLETE",
        "telefon kenalan ini tidak lengkap",
    ] {
        let page = search(&browser, &bridge, words).await.unwrap_err();
        assert!(
            page.contains("/operator/failures?reason=phone_incomplete"),
            "{words}: {page}"
        );
    }
    let page = browser.page(&customer).await;
    assert!(page.contains("Siti") && page.contains("6789"), "{page}");
    assert_eq!(page.matches("/operator/messages/").count(), 1, "{page}");
    let page = search(&browser, &bridge, "'!|&:* \\ siti")
        .await
        .unwrap_err();
    assert!(page.contains("Nothing has this name"), "{page}");
}

#[tokio::test]
async fn a_chart_says_as_of_when_it_counts_in_whose_days_and_in_which_years() {
    let bridge = operated().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    let browser = Browser::sign_in(&bridge).await;
    let before = browser.page("/operator?period=year").await;
    assert!(!before.contains("As of "), "nothing is counted: {before}");
    let counts = Arc::new(HourCounts::new(Arc::clone(&bridge.app.context)));
    while step(&counts).await.unwrap() > 0 {}
    bridge.clock.advance(Duration::minutes(1));
    let place = format!("/operator/locations/{}", seed::LOCATION_ID);
    for path in ["/operator", &place] {
        let page = browser.page(&format!("{path}?period=year")).await;
        assert!(page.contains("As of <time"), "{page}");
        assert!(page.contains("data-chart-zone=\"UTC\""), "{page}");
        let year = format!("/{}</", bridge.clock.now().year());
        assert!(page.contains(&year), "{year}: {page}");
    }
    for (cookie, zone) in [
        ("zone=Asia/Kuala_Lumpur", "Asia/Kuala_Lumpur"),
        ("zone=Mars/Crater", "UTC"),
        ("zone=\"><script>", "UTC"),
    ] {
        let url = format!("{}/operator", bridge.address);
        let cookies = format!("{}; {cookie}", browser.cookie);
        let request = browser.client.get(url).header("cookie", cookies);
        let page = request.send().await.unwrap().text().await.unwrap();
        let chart = format!("data-chart-zone=\"{zone}\"");
        assert!(page.contains(&chart), "{cookie}: {page}");
    }
}
