//! The lists as files, and the record of who did what.

use simulators::seed;

use super::Browser;
use super::summaries::with_many;
use crate::messages::{messages, number_of};
use crate::metrics::operated;

#[tokio::test]
async fn lists_are_exported_whole_and_without_formulas() {
    let bridge = with_many().await;
    sqlx::query("update account_names set name = '=HYPERLINK(1),\"x' where owner_id = 'many123'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    sqlx::query(
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, state, reason_code)
         select 'many101', 'x' || n, 'c', 'rahsia', now(), now(), 'failed', 'too_long' from generate_series(1, 1200) n",
    )
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    let browser = Browser::sign_in(&bridge).await;
    let lines = async |path: &str| {
        let file = browser.page(path).await;
        assert!(!file.contains("rahsia"), "no text");
        let mut reader = csv::Reader::from_reader(file.as_bytes());
        reader.records().map(Result::unwrap).collect::<Vec<_>>()
    };
    let rows = lines("/operator/failures.csv?reason=too_long").await;
    assert_eq!(rows.len(), 1200);
    let mut ids: Vec<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1200);
    let rows = lines("/operator/locations.csv?agency=agency1").await;
    assert_eq!(rows.len(), 40);
    let named = rows.iter().find(|row| &row[0] == "many123").unwrap();
    assert_eq!(&named[1], "'=HYPERLINK(1),\"x");
    assert_eq!(lines("/operator/numbers.csv?held=1").await.len(), 42);
    assert_eq!(
        lines("/operator/audit.csv").await.len(),
        2,
        "the connection, and the sign-in"
    );
}

#[tokio::test]
async fn what_is_done_is_recorded_with_who_did_it_and_strangers_leave_no_trace() {
    let bridge = operated().await;
    let failed = bridge
        .agent_sends(seed::NOMBOR_SALAH.0, "rahsia", &[])
        .await;
    bridge.settle().await;
    let number = number_of(&bridge, &failed).await;
    let count = async || -> i64 {
        let sql = "select count(*) from audit where action <> 'connect'";
        sqlx::query_scalar(sql)
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap()
    };
    for path in [
        "/operator/replay",
        "/operator/sign-out",
        "/app/x/connect",
        "/app/x/alerts",
    ] {
        let url = format!("{}{path}", bridge.address);
        super::client()
            .post(url)
            .form(&[("csrf", "x")])
            .send()
            .await
            .unwrap();
    }
    assert_eq!(count().await, 0);
    let (code, ..) = messages(&bridge, &["replay", &number, "--yes"]).await;
    assert_eq!(code, Some(0));
    let rows: Vec<(String, String, String, Option<String>)> =
        sqlx::query_as("select actor_kind, action, outcome, place from audit order by id")
            .fetch_all(&bridge.database.pool)
            .await
            .unwrap();
    let own = |kind: &str, action: &str, place: &str| {
        (
            kind.to_owned(),
            action.to_owned(),
            "done".to_owned(),
            Some(place.to_owned()),
        )
    };
    assert_eq!(
        rows,
        [
            own("command", "connect", seed::NUMBER),
            own("command", "replay", &number)
        ]
    );
}
