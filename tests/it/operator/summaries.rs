//! What the operator's first page counts, and the lists to which each count leads.

use axum::http::StatusCode;

use super::{Browser, csrf};
use crate::harness::Bridge;
use crate::messages::{messages, number_of};
use crate::metrics::operated;

/// Sub-accounts of two agencies in many states, with numbers, holds, incidents, tokens, failures and queues.
const MANY: [&str; 9] = [
    "insert into locations (location_id, company_id, installed_at, uninstalled_at)
     select 'many' || n, 'agency' || n % 2, now(), case when n % 10 = 0 then now() end from generate_series(100, 179) n",
    "insert into account_names (owner_id, name)
     select 'many' || n, 'Kedai ' || n from generate_series(100, 179) n union all select 'agency1', 'Agensi Satu'",
    "insert into tokens (owner_id, owner_kind, access_token, expires_at, trouble)
     select 'many' || n, 'location', ''::bytea, now(), case n % 4 when 1 then 'failing' when 2 then 'needs_reinstall' end
     from generate_series(100, 159) n where n % 10 <> 0
     union all select 'agency1', 'company', ''::bytea, now(), 'failing'",
    "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash, is_default,
         next_send_at, connected_at, hold_code)
     select 'many' || n, '6011' || n, 'i' || n, ''::bytea, ''::bytea, n::text::bytea, true, now(), now(),
         case n % 3 when 1 then 'link_lost' when 2 then 'wrong_keys' end
     from generate_series(100, 169) n where n % 10 <> 0",
    "insert into incidents (location_id, number, kind, since, last_seen_at)
     select 'many' || n, '6011' || n, 'link', now() - interval '2 hours', now() from generate_series(100, 109) n
     union all select 'many101', 'other', 'link', now(), now()
     union all select 'many123', '', 'provider', now() - interval '3 hours', now()",
    "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, state, reason_code)
     select 'many' || (100 + n % 40), 'f' || n, 'c', '{}', now(), now() - interval '1 minute' * n, 'failed',
         case n % 3 when 0 then 'gateway_down' when 1 then 'no_phone' else 'phone_incomplete' end
     from generate_series(1, 240) n",
    "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
     select 'many' || (100 + n % 7), 'w' || n, 'c', '{}', '2100-01-01', now() from generate_series(1, 70) n",
    "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
     select 'many' || (100 + n % 5), '60', 'h' || n, false, n, now(), 'held', '2100-01-01', now() from generate_series(1, 25) n",
    "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, state, reason_code)
     values ('many101', 'old', 'c', '{}', now(), now() - interval '3 days', 'failed', 'gateway_down')",
];

pub(super) async fn with_many() -> Bridge {
    let bridge = operated().await;
    for sql in MANY {
        sqlx::query(sql)
            .execute(&bridge.database.pool)
            .await
            .unwrap();
    }
    bridge
}

/// The links of a page that show only a number: where they lead, and the number.
fn counts(page: &str) -> Vec<(String, usize)> {
    let links = page.split("<a href=\"").skip(1);
    let counted = links.filter_map(|link| {
        let (address, rest) = link.split_once("\">")?;
        let count = rest.split_once("</a>")?.0.parse().ok()?;
        Some((address.replace("&amp;", "&"), count))
    });
    counted.collect()
}

#[tokio::test]
async fn every_count_leads_to_a_list_of_as_many() {
    let bridge = with_many().await;
    let browser = Browser::sign_in(&bridge).await;
    let overview = browser.page("/operator").await;
    let counts = counts(&overview);
    let places: Vec<_> = counts.iter().map(|(address, _)| address.as_str()).collect();
    for expected in [
        "/operator/locations?status=needs_reinstall",
        "/operator/locations?status=uninstalled",
        "/operator/locations?incident=link",
        "/operator/locations?token=failing",
        "/operator/agencies?token=failing",
        "/operator/numbers?connected=1",
        "/operator/numbers?held=1",
        "/operator/numbers?hold=link_lost",
    ] {
        assert!(places.contains(&expected), "{expected}: {places:?}");
    }
    for (address, count) in counts {
        let cell = match address.split(['?', '/']).nth(2).unwrap() {
            "locations" => "<td data-label=\"Sub-account\">",
            "numbers" => "<td data-label=\"Number\">",
            "agencies" => "<td data-label=\"Agency\">",
            other => panic!("{other}"),
        };
        let rows = browser.all_rows(&address, cell).await;
        assert_eq!(rows.len(), count, "{address}");
    }
}

/// The numbers in the cells of a column.
fn cells(page: &str, column: &str) -> Vec<usize> {
    let label = format!("data-label=\"{column}\">");
    let cells = page.split(&label).skip(1);
    let text = |cell: &str| cell.split("</td>").next().unwrap().to_owned();
    cells.filter_map(|cell| text(cell).parse().ok()).collect()
}

#[tokio::test]
async fn a_queue_leads_to_whose_rows_wait_in_it_and_the_sums_agree() {
    let bridge = with_many().await;
    let browser = Browser::sign_in(&bridge).await;
    let overview = browser.page("/operator").await;
    for (queue, count) in [
        ("outbound&amp;state=accepted", 70),
        ("inbound&amp;state=held", 25),
    ] {
        let link = format!("/operator/queues?queue={queue}");
        let (_, row) = overview.split_once(&link).expect(&link);
        assert_eq!(cells(row, "How many")[0], count, "{queue}");
        let list = browser.page(&link.replace("&amp;", "&")).await;
        assert_eq!(
            cells(&list, "How many").iter().sum::<usize>(),
            count,
            "{list}"
        );
        assert!(list.contains("Kedai 101"), "{list}");
    }
    let (status, _) = browser
        .get("/operator/queues?queue=none&state=accepted")
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER, "it leads to the overview");
}

#[tokio::test]
async fn failures_are_counted_by_reason_and_each_count_is_that_of_its_list() {
    let bridge = with_many().await;
    let browser = Browser::sign_in(&bridge).await;
    for filter in [
        "since=24h",
        "since=1h",
        "agency=agency1",
        "location=many101",
        "since=1h&agency=agency1",
    ] {
        let page = browser.page(&format!("/operator/failures?{filter}")).await;
        let sums = cells(&page, "How many");
        assert_eq!(
            sums.len(),
            if filter == "location=many101" {
                sums.len()
            } else {
                3
            },
            "{page}"
        );
        let mut total = 0;
        for reason in ["gateway_down", "no_phone", "phone_incomplete"] {
            let list = format!("/operator/failures?{filter}&reason={reason}");
            let rows = browser
                .all_rows(&list, "<td data-label=\"Message\">")
                .await
                .len();
            let counted: usize = cells(&browser.page(&list).await, "How many").iter().sum();
            assert_eq!(counted, rows, "{list}");
            total += rows;
        }
        assert_eq!(sums.iter().sum::<usize>(), total, "{filter}");
    }
    // GHL's code stands for several reasons.
    let page = browser
        .page("/operator/failures?reason=invalid_phone")
        .await;
    assert!(
        page.contains("phone_incomplete") && !page.contains(">no_phone<"),
        "{page}"
    );
}

#[tokio::test]
async fn what_is_wrong_stands_on_the_first_page_the_worst_first() {
    let bridge = with_many().await;
    let browser = Browser::sign_in(&bridge).await;
    let overview = browser.page("/operator").await;
    let (_, wrong) = overview.split_once("<ul class=\"wrong\">").unwrap();
    let (wrong, _) = wrong.split_once("</section>").unwrap();
    let at = |text: &str| {
        wrong
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {wrong}"))
    };
    // Ten of one kind are one entry, and messages wait because of it.
    let together = at("/operator/locations?cause=link");
    assert!(at("messages wait") > together, "{wrong}");
    // Fewer waiting messages, and then what has only failed, come later.
    assert!(
        together < at("Kedai 123") && at("Kedai 123") < at("/operator/failures?reason="),
        "{wrong}"
    );
    assert!(wrong.contains("since <time"), "{wrong}");
}

#[tokio::test]
async fn the_search_finds_by_name_number_id_and_reason() {
    let bridge = with_many().await;
    let id = bridge.agent_writes("hai").await;
    let number = number_of(&bridge, &id).await;
    let browser = Browser::sign_in(&bridge).await;
    let message = format!("/operator/messages/{number}");
    for (text, leads_to) in [
        ("Kedai 123", "/operator/locations/many123"),
        ("kedai%20123", "/operator/locations/many123"),
        ("many145", "/operator/locations/many145"),
        ("+6011-134", "/operator/locations/many134"),
        ("00 6011-134", "/operator/locations/many134"),
        (number.as_str(), message.as_str()),
        (id.as_str(), message.as_str()),
    ] {
        let path = format!(
            "/operator/search?q={}",
            text.replace('+', "%2B").replace(' ', "+")
        );
        let url = format!("{}{path}", bridge.address);
        let answer = browser
            .client
            .get(url)
            .header("cookie", &browser.cookie)
            .send()
            .await
            .unwrap();
        let location = answer
            .headers()
            .get("location")
            .map(|to| to.to_str().unwrap().to_owned());
        assert_eq!(
            location.as_deref(),
            Some(leads_to),
            "{text}: {}",
            answer.text().await.unwrap()
        );
    }
    let page = browser.page("/operator/search?q=gateway").await;
    assert!(
        page.contains("/operator/failures?reason=gateway_down") && page.contains("(81)"),
        "{page}"
    );
    let page = browser.page("/operator/search?q=agensi+satu").await;
    assert!(
        page.contains("many101") && page.contains("All that were found"),
        "{page}"
    );
    let page = browser.page("/operator/search?q=%00nothing").await;
    assert!(page.contains("Nothing has this name"), "{page}");
}

#[tokio::test]
async fn a_time_in_the_description_is_local_and_not_as_addresses_have_it() {
    let bridge = with_many().await;
    let browser = Browser::sign_in(&bridge).await;
    let page = browser
        .page("/operator/replay?reason=gateway_down&since=24h")
        .await;
    let until = page.split("name=\"until\" value=\"").nth(1).unwrap();
    let until = until.split('"').next().unwrap().replace(':', "%3A");
    for path in ["failures", "replay"] {
        let address = format!("/operator/{path}?since=2026-11-01T00:30:00Z&until={until}");
        let page = browser.page(&address).await;
        assert_eq!(
            page.matches("<strong><bdi><time datetime=").count(),
            2,
            "{page}"
        );
        // The script of the page shows it in the reader's zone, which stands at the end.
        assert!(page.contains(">2026-11-01 00:30:00</time>"), "{page}");
        assert!(!page.contains(">2026-11-01T00:30:00Z<"), "{page}");
    }
}

#[tokio::test]
async fn names_are_found_without_their_accents() {
    let bridge = with_many().await;
    for sql in [
        "update account_names set name = 'Café Đà Nẵng' where owner_id = 'many123'",
        "insert into contacts (location_id, phone, contact_id, name) values ('many101', '60120000777', 'accents', 'Zoë Müller')",
    ] {
        sqlx::query(sql)
            .execute(&bridge.database.pool)
            .await
            .unwrap();
    }
    let browser = Browser::sign_in(&bridge).await;
    for words in ["cafe", "cafe+da+nang", "CAFÉ", "caf%C3%A9"] {
        for path in ["search?q", "locations?find"] {
            let (status, page) = browser.get(&format!("/operator/{path}={words}")).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{path} {words}: {page}");
        }
    }
    for words in ["zoe", "Muller", "z\u{f6}e+m%C3%BC", "zo%C3%AB"] {
        let (status, page) = browser.get(&format!("/operator/search?q={words}")).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{words}: {page}");
    }
}

/// Without its time a search would mean many more messages than whoever asked.
#[tokio::test]
async fn a_time_that_cannot_be_read_is_refused_and_sends_nothing() {
    let bridge = with_many().await;
    let browser = Browser::sign_in(&bridge).await;
    let page = browser
        .page("/operator/replay?reason=gateway_down&since=24h")
        .await;
    for unreadable in ["since=yesterday", "since=7w", "until=garbage"] {
        for path in ["replay", "failures", "failures.csv"] {
            let address = format!("/operator/{path}?reason=gateway_down&{unreadable}");
            let (status, page) = browser.get(&address).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{address}");
            assert!(page.contains("This time cannot be read"), "{page}");
        }
        let (name, value) = unreadable.split_once('=').unwrap();
        let form = [
            ("csrf", csrf(&page)),
            ("reason", "gateway_down"),
            (name, value),
        ];
        let (status, _) = browser.post("/operator/replay", &form).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{unreadable}");
    }
    let again: i64 = sqlx::query_scalar("select count(*) from outbound where priority = 2")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(again, 0);
}

#[tokio::test]
async fn many_go_again_as_the_command_sends_them_and_it_is_recorded() {
    let bridge = with_many().await;
    let browser = Browser::sign_in(&bridge).await;
    let preview = "/operator/replay?reason=gateway_down&since=24h&agency=agency1";
    let page = browser.page(preview).await;
    let (_, _, dry) = (
        0,
        0,
        messages(
            &bridge,
            &[
                "replay",
                "--reason",
                "gateway_down",
                "--since",
                "24h",
                "--dry-run",
            ],
        )
        .await,
    );
    // Eight of the other agency's have no number that they could leave from.
    assert!(dry.1.starts_with("72 would be sent again"), "{dry:?}");
    // Every second sub-account is of this agency.
    assert!(page.contains("<strong>40</strong>"), "{page}");
    let until = page.split("name=\"until\" value=\"").nth(1).unwrap();
    let until = until.split('"').next().unwrap();
    let form = [
        ("csrf", csrf(&page)),
        ("reason", "gateway_down"),
        ("since", "24h"),
        ("agency", "agency1"),
        ("until", until),
    ];
    let (status, _) = browser.post("/operator/replay", &form[1..]).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "without the form's token");
    let (status, _) = browser.post("/operator/replay", &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let again: i64 = sqlx::query_scalar("select count(*) from outbound where priority = 2")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(again, 40);
    let page = browser.page(preview).await;
    assert!(page.contains("<strong>0</strong>"), "{page}");
    let page = browser.page("/operator/replay?reason=no_phone").await;
    assert!(
        page.contains("<strong>72</strong><span>would only fail in the same way")
            && page.contains("<strong>8</strong><span>are of sub-accounts that have uninstalled")
            && !page.contains("<form method=\"post\" action=\"/operator/replay\""),
        "{page}"
    );
    let audit = browser.page("/operator/audit").await;
    for shown in [
        "send many again",
        "gateway_down (40)",
        "refused",
        "signed in",
    ] {
        assert!(audit.contains(shown), "{shown}: {audit}");
    }
}
