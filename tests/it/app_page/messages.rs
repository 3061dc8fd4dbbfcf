//! The location's messages on the page: counted, searched, explained, and sent again.

use axum::http::StatusCode;
use simulators::{Fault, seed};
use sqlx::postgres::PgPoolOptions;
use time::Duration;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::db::views::{messages, overview};
use waapify_ghl::model::language::Language;
use waapify_ghl::model::reason::{Failure, Reason, Step};
use waapify_ghl::model::states::MessageState;

use super::Frame;
use crate::harness::{Bridge, location};
use crate::messages::number_of;

const A_WHILE: Duration = Duration::minutes(20);

/// The number of rows in the last list of a page: the numbers behind its charts stand before.
fn rows(page: &str) -> usize {
    let last = page.rsplit_once("<table class=\"rows\">");
    last.map_or(0, |(_, list)| list.matches("<tr").count().saturating_sub(1))
}

/// A message that failed because no number was connected. A number is connected now.
async fn failed() -> (Bridge, String) {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let id = bridge.agent_writes("rahsia").await;
    bridge.settle().await;
    bridge.connect().await;
    let number = number_of(&bridge, &id).await;
    (bridge, number)
}

#[tokio::test]
async fn messages_of_the_last_day_are_counted_by_state_and_older_ones_are_not() {
    let (bridge, _) = failed().await;
    bridge.clock.advance(Duration::hours(25));
    bridge.customer_writes("hai").await;
    bridge.agent_writes("satu").await;
    bridge.agent_writes("dua").await;
    bridge.settle().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    for count in [
        "<strong>2</strong><span>Sent</span>",
        "<strong>1</strong><span>In GHL</span>",
    ] {
        assert!(page.contains(count), "{count}: {page}");
    }
    assert!(!page.contains("<span>Failed</span>"), "{page}");
    assert_eq!(rows(&page), 1, "the failure of yesterday is still one");
}

#[tokio::test]
async fn a_page_shows_neither_what_a_message_says_nor_a_customers_number() {
    let (bridge, id) = failed().await;
    bridge.customer_writes("sulit").await;
    bridge.agent_writes("rahsia").await;
    bridge.settle().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for rest in [
        String::new(),
        "/messages".to_owned(),
        format!("/messages/{id}"),
    ] {
        let page = frame.get(&rest).await.body;
        for secret in ["rahsia", "sulit", &seed::AISYAH.2[1..]] {
            assert!(!page.contains(secret), "{rest} shows {secret}");
        }
    }
    let list = frame.get("/messages").await.body;
    assert!(
        list.contains(&format!("…{}", &seed::AISYAH.2[8..])),
        "{list}"
    );
}

#[tokio::test]
async fn the_list_is_searched_by_state_and_read_page_by_page() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    bridge.agent_writes("satu").await;
    bridge.agent_sends(seed::NOMBOR_SALAH.0, "dua", &[]).await;
    bridge.settle().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for (state, count) in [
        ("", 3),
        ("waiting", 0),
        ("sent", 1),
        ("delivered", 0),
        ("read", 0),
        ("posted", 1),
        ("held", 0),
        ("failed", 1),
        ("ignored", 0),
    ] {
        let page = frame.get(&format!("/messages?state={state}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(rows(&page.body), count, "{state}: {}", page.body);
    }
    sqlx::query(
        "insert into outbound (location_id, ghl_message_id, conversation, body, state, due_at, accepted_at)
         select $1, 'm' || n, 'c', '', 'read', now(), now() from generate_series(1, 120) n",
    )
    .bind(location())
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    let mut rest = "/messages?state=read".to_owned();
    for count in [50, 50, 20] {
        let page = frame.get(&rest).await.body;
        assert_eq!(rows(&page), count);
        if let Some((_, next)) = page.split_once("/messages?state=read&amp;before=") {
            let id: String = next.chars().take_while(char::is_ascii_digit).collect();
            rest = format!("/messages?state=read&before={id}");
        }
    }
}

#[tokio::test]
async fn a_search_for_nonsense_finds_nothing_and_breaks_nothing() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for rest in [
        "/messages?state=nonsense",
        "/messages?state=%00",
        "/messages?before=x",
        "/messages?before=99999999999999999999",
        "/messages/0",
        "/messages/-1",
        "/messages/x",
        "/messages/%00",
        "/messages/%ff",
        "/messages/99999999999999999999",
        "/numbers/%00",
        "/numbers/%27%20or%201=1",
    ] {
        let page = frame.get(rest).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{rest}");
        assert!(page.body.contains("There is nothing here"), "{rest}");
    }
    let page = frame.get("/messages?state=sent&state=read&x=%ff").await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn a_failed_message_tells_its_story_and_is_sent_again_at_one_click() {
    let (bridge, id) = failed().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let shown = frame.get(&format!("/messages/{id}")).await.body;
    let came = Reason::from(Step::GhlDelivered).english();
    for said in [came.as_str(), "Failed", "Try again"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let answer = frame.post(&format!("/messages/{id}/retry"), &[]).await;
    let expected = format!("{}/messages/{id}?done=queued", frame.path);
    assert_eq!(answer.leads_to(), expected);
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.texts_on_phone(), ["rahsia"]);
    let shown = frame.get_at(&expected).await.body;
    assert!(
        shown.contains(&Reason::from(Step::SentAgain).english()),
        "{shown}"
    );
    assert!(shown.contains("on its way again") && !shown.contains("Try again"));
    // A second click on an old page changes nothing.
    let again = frame.post(&format!("/messages/{id}/retry"), &[]).await;
    assert!(again.leads_to().ends_with("?done=not-failed"));
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.texts_on_phone(), ["rahsia"]);
}

#[tokio::test]
async fn what_fails_again_in_any_case_is_not_offered_and_the_page_says_what_to_do() {
    let bridge = Bridge::new().await;
    let ghl = &bridge.simulation.ghl;
    let contact = ghl.add_contact(seed::LOCATION_ID, "Tanpa kod", "12345");
    let id = bridge.agent_sends(&contact, "hai", &[]).await;
    bridge.settle().await;
    let number = number_of(&bridge, &id).await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let list = frame.get("/messages").await.body;
    assert!(!list.contains("Try again"), "{list}");
    let page = frame.get(&format!("/messages/{number}")).await.body;
    assert!(!page.contains("Try again"), "{page}");
    let address = format!(
        "https://app.gohighlevel.com/v2/location/{}/contacts/detail/{contact}",
        seed::LOCATION_ID
    );
    assert!(page.contains(&address), "{page}");
    assert!(page.contains("Correct the contact, then write anew"));
    assert!(!page.contains("data-live"), "it has come to its end");
    // One that waits keeps its page up to date.
    bridge
        .simulation
        .waapify
        .faults()
        .always("send.php", Fault::answer(502, "<html>"));
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let number = number_of(&bridge, &id).await;
    let page = frame.get(&format!("/messages/{number}")).await.body;
    assert!(
        page.contains("data-live") && page.contains("/assets/live.js"),
        "{page}"
    );
}

#[tokio::test]
async fn what_may_have_arrived_goes_again_only_after_a_second_yes_every_time() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.waapify.faults();
    let id = bridge.agents_unconfirmed().await;
    let number = number_of(&bridge, &id).await;
    let retry = format!("/messages/{number}/retry");
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let question = frame.post(&retry, &[]).await;
    assert_eq!(question.status, StatusCode::OK);
    assert!(
        question.body.contains("It may have arrived"),
        "{}",
        question.body
    );
    let (state, reason) = bridge.outbound(&id).await;
    assert_eq!(
        (state.as_str(), reason.as_deref()),
        ("failed", Some("unconfirmed"))
    );
    // After it is sent again its outcome stays unknown, whatever the next failure is.
    faults.always(
        "send.php",
        Fault::answer(200, r#"{"status":"error","message":"Invalid phone"}"#),
    );
    assert!(
        frame
            .post(&retry, &[("sure", "1")])
            .await
            .leads_to()
            .ends_with("queued")
    );
    bridge.after(A_WHILE).await;
    for _ in 0..20 {
        bridge.after(Duration::hours(4)).await;
    }
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let question = frame.post(&retry, &[]).await;
    assert!(
        question.body.contains("It may have arrived"),
        "{}",
        question.body
    );
    faults.clear();
    frame.post(&retry, &[("sure", "1")]).await;
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
}

/// Gives the seeded location 40,000 messages of each direction and as many events. The first three messages of each
/// direction have failed.
async fn fill(pool: &Pool) {
    let rows = "now() from generate_series(1, 40000) n";
    for sql in [
        format!("insert into outbound (location_id, ghl_message_id, conversation, body, due_at, state, accepted_at)
            select $1, 'm' || n, 'c', '', now(), case when n < 4 then 'failed' else 'sent' end, {rows}"),
        format!("insert into inbound (location_id, number, wa_message_id, from_me, conversation, due_at, state, accepted_at)
            select $1, '60111234567', 'w' || n, false, 'c', now(), case when n < 4 then 'failed' else 'posted' end, {rows}"),
        format!("insert into waapify_events (location_id, number, body, due_at, state, received_at)
            select $1, '60111234567', '', now(), 'done', {rows}"),
        "insert into timeline (location_id, message_id, at, state) select location_id, id, accepted_at, state from outbound
            where location_id = $1".to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(location())
            .execute(pool)
            .await
            .unwrap();
    }
    sqlx::raw_sql("analyze outbound; analyze inbound; analyze waapify_events; analyze timeline")
        .execute(pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn no_query_of_the_page_reads_a_large_table_from_end_to_end() {
    let bridge = Bridge::new().await;
    fill(&bridge.database.pool).await;
    // One connection, so that its statistics can be flushed.
    let url = bridge.database.url();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect(&url)
        .await
        .map(Pool::from);
    let (pool, location) = (pool.unwrap(), location());
    let read_from_end_to_end = async || -> i64 {
        sqlx::raw_sql("select pg_stat_force_next_flush()")
            .execute(&pool)
            .await
            .unwrap();
        sqlx::query_scalar(
            "select sum(seq_scan)::bigint from pg_stat_user_tables
             where relname in ('outbound', 'inbound', 'waapify_events', 'timeline', 'contacts')",
        )
        .fetch_one(&pool)
        .await
        .unwrap()
    };
    let before = read_from_end_to_end().await;
    let since = bridge.clock.now() - Duration::hours(24);
    // After some executions Postgres makes a plan for any values.
    for _ in 0..8 {
        let failures = overview::list_failures(&pool, &location, i64::MAX, 5).await;
        assert_eq!(failures.unwrap().len(), 5, "the oldest of all");
        overview::count_states(&pool, &location, since)
            .await
            .unwrap();
        overview::list_numbers(&pool, &location).await.unwrap();
        let either = [MessageState::Sent, MessageState::Posted];
        for states in [&[MessageState::Read][..], &[], &either] {
            let wanted = overview::Wanted {
                states,
                customer: None,
            };
            let entries = overview::list_entries(&pool, &location, wanted, i64::MAX, 50).await;
            let count = if states == [MessageState::Read] {
                0
            } else {
                50
            };
            assert_eq!(entries.unwrap().len(), count);
        }
        for customer in ["nobody", "12 34"] {
            let wanted = overview::Wanted {
                states: &[],
                customer: Some(customer),
            };
            overview::list_entries(&pool, &location, wanted, i64::MAX, 50)
                .await
                .unwrap();
        }
        let one = overview::list_failures(&pool, &location, i64::MAX, 1).await;
        let id = one.unwrap()[0].id;
        let one = messages::find_message_of(&pool, &location, id).await;
        messages::list_steps(&pool, &one.unwrap().unwrap())
            .await
            .unwrap();
    }
    assert_eq!(read_from_end_to_end().await, before);
    sqlx::query("select count(*) from outbound where body = 'x'")
        .execute(&pool)
        .await
        .unwrap();
    assert!(read_from_end_to_end().await > before, "it would be seen");
}

#[tokio::test]
async fn of_very_many_messages_the_newest_are_counted_and_the_page_says_so() {
    let bridge = Bridge::new().await;
    fill(&bridge.database.pool).await;
    let since = bridge.clock.now() - Duration::hours(24);
    let counts = overview::count_states(&bridge.database.pool, &location(), since)
        .await
        .unwrap();
    let is_full = |count: &overview::Count| count.count == overview::WINDOW;
    assert!(counts.iter().all(is_full), "{counts:?}");
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    assert!(page.contains("only the newest 10,000"), "{page}");
}

#[tokio::test]
async fn a_malay_browser_reads_in_malay_why_a_message_failed() {
    let (bridge, id) = failed().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let why = Reason::from(Failure::NotConnected);
    let malay = &why.text(Language::Malay);
    let english = &maud::html! { (why.english()) }.into_string();
    for rest in [
        String::new(),
        "/messages?state=failed".to_owned(),
        format!("/messages/{id}"),
    ] {
        let page = frame.get_in("ms-MY", &rest).await.body;
        assert!(page.contains(malay), "{rest}: {page}");
        assert!(!page.contains(english), "{rest}: {page}");
        let page = frame.get(&rest).await.body;
        assert!(page.contains(english), "{rest}: {page}");
    }
    sqlx::query("update timeline set cause_code = 'other', cause_args = '{\"words\": \"GHL answers 422: no\"}' where state = 'failed'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let page = frame.get_in("ms-MY", &format!("/messages/{id}")).await.body;
    let others = "<span lang=\"en\">GHL answers 422: no</span>";
    assert!(page.contains(others), "others' words stay: {page}");
}
