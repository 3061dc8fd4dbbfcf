//! `messages list` with its filters, and `messages replay` of all that failed for a reason or since a time.

use serde_json::Value;
use simulators::seed;

use crate::harness::Bridge;
use crate::messages::{messages, number_of};

/// Failed messages: how long ago each arrived, and its reason.
const FAILED: [(&str, &str); 5] = [
    ("5 days", "gateway_down"),
    ("90 minutes", "gateway_down"),
    ("80 minutes", "no_phone"),
    ("70 minutes", "gateway_down"),
    ("60 minutes", "not_connected"),
];

/// A bridge with failed messages; their numbers, oldest first.
async fn with_failures() -> (Bridge, Vec<String>) {
    let bridge = Bridge::new().await;
    let mut numbers = Vec::new();
    for (age, reason) in FAILED {
        let id = bridge.agent_writes(reason).await;
        sqlx::query(
            "update outbound
             set state = 'failed', reason_code = $2, accepted_at = now() - $3::interval, chat = '60123456789'
             where ghl_message_id = $1",
        )
        .bind(&id)
        .bind(reason)
        .bind(age)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
        numbers.push(number_of(&bridge, &id).await);
    }
    (bridge, numbers)
}

/// The numbers of a list in JSON.
fn ids(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one.get("id").unwrap_or(one).to_string())
        .collect()
}

async fn json(bridge: &Bridge, arguments: &[&str]) -> (Option<i32>, Value) {
    let arguments: Vec<_> = arguments.iter().chain(&["--json"]).copied().collect();
    let (code, stdout, stderr) = messages(bridge, &arguments).await;
    let document = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
    (code, document)
}

async fn states(bridge: &Bridge, numbers: &[String]) -> Vec<String> {
    let numbers: Vec<i64> = numbers.iter().map(|id| id.parse().unwrap()).collect();
    sqlx::query_scalar("select state from outbound where id = any($1) order by id")
        .bind(numbers)
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_list_is_narrowed_by_state_reason_time_and_the_phones_last_digits() {
    let (bridge, numbers) = with_failures().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    for (filter, expected) in [
        (&["--state", "failed"][..], &[4, 3, 2, 1, 0][..]),
        (&["--failed", "--since", "1d"], &[4, 3, 2, 1]),
        (&["--failed", "--until", "75m"], &[2, 1, 0]),
        (&["--failed", "--since", "85m", "--until", "65m"], &[3, 2]),
        (&["--reason", "gateway_down"], &[3, 1, 0]),
        (&["--reason", "gateway_down", "--limit", "2"], &[3, 1]),
        (&["--reason", "GATEWAY_DOWN"], &[3, 1, 0]),
        (&["--reason", "invalid_phone"], &[]),
        (&["--failed", "--phone", "6789"], &[4, 3, 2, 1, 0]),
        (
            &["--failed", "--phone", "+60 12-345 6789"],
            &[4, 3, 2, 1, 0],
        ),
        (&["--failed", "--phone", "6788"], &[]),
        (
            &["--failed", "--location", seed::LOCATION_ID, "--limit", "1"],
            &[4],
        ),
    ] {
        let arguments: Vec<_> = ["list"].iter().chain(filter).copied().collect();
        let (code, list) = json(&bridge, &arguments).await;
        assert_eq!(code, Some(0));
        let expected: Vec<_> = expected
            .iter()
            .map(|&at: &usize| numbers[at].clone())
            .collect();
        assert_eq!(ids(&list["messages"]), expected, "{filter:?}: {list}");
    }
    let (_, posted) = json(&bridge, &["list", "--state", "posted"]).await;
    assert_eq!(posted["messages"][0]["direction"], "inbound");
    assert_eq!(posted["messages"].as_array().unwrap().len(), 1);
    for wrong in [
        &["--since", "yesterday"][..],
        &["--phone", "abc"],
        &["--state", "lost"],
        &["--failed", "--state", "sent"],
    ] {
        let arguments: Vec<_> = ["list"].iter().chain(wrong).copied().collect();
        let (code, _, stderr) = messages(&bridge, &arguments).await;
        assert_eq!(code, Some(2), "{wrong:?}: {stderr}");
    }
}

#[tokio::test]
async fn many_are_replayed_only_after_a_yes_and_none_that_could_only_fail_again() {
    let (bridge, numbers) = with_failures().await;
    let since = ["replay", "--since", "1d"];
    let with = |more: &[&'static str]| -> Vec<&'static str> {
        since.iter().chain(more).copied().collect()
    };
    let (code, stdout, stderr) = messages(&bridge, &with(&[])).await;
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(
        stderr.contains("3 messages would be sent again"),
        "{stderr}"
    );
    assert!(stderr.contains("--yes"), "{stderr}");
    let (code, preview) = json(&bridge, &with(&["--dry-run"])).await;
    assert_eq!(code, Some(0));
    let wanted = [&numbers[1], &numbers[3], &numbers[4]].map(Clone::clone);
    assert_eq!(ids(&preview["matching"]), wanted, "{preview}");
    assert_eq!(preview["by_reason"]["gateway_down"], 2);
    assert_eq!(preview["left"][0]["code"], "would_fail_again");
    assert_eq!(states(&bridge, &numbers).await, ["failed"; 5]);

    let (code, outcome) = json(&bridge, &with(&["--yes"])).await;
    assert_eq!(code, Some(1), "one is left: {outcome}");
    assert_eq!(ids(&outcome["replayed"]), wanted, "oldest first");
    assert_eq!(ids(&outcome["left"][0]["ids"]), [numbers[2].clone()]);
    assert_eq!(
        states(&bridge, &numbers).await,
        ["failed", "accepted", "failed", "accepted", "accepted"]
    );
}

#[tokio::test]
async fn a_reason_and_a_location_narrow_what_is_replayed() {
    let (bridge, numbers) = with_failures().await;
    let elsewhere = ["--reason", "gateway_down", "--location", "another"];
    let arguments: Vec<_> = ["replay"].iter().chain(&elsewhere).copied().collect();
    let there_is_none = async |arguments: &[&str]| {
        let (code, stdout, stderr) = messages(&bridge, arguments).await;
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.contains("there is no location another"), "{stderr}");
    };
    there_is_none(&arguments).await;
    there_is_none(&["replay", "--replies", "--location", "another"]).await;
    there_is_none(&["list", "--location", "another"]).await;
    let replies = ["replay", "--replies", "--location", seed::LOCATION_ID];
    let (code, stdout, _) = messages(&bridge, &replies).await;
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "No reply of this location failed.\n")
    );
    let arguments = [
        "replay",
        "--reason",
        "gateway_down",
        "--since",
        "2h",
        "--yes",
    ];
    let (code, stdout, stderr) = messages(&bridge, &arguments).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "2 back in the queue\n");
    assert_eq!(
        states(&bridge, &numbers).await,
        ["failed", "accepted", "failed", "accepted", "failed"]
    );
    for wrong in [
        &["replay"][..],
        &["replay", "--location", "x"],
        &["replay", "--until", "2h"],
        &["replay", "1", "--reason", "no_phone"],
        &["replay", "1", "--dry-run"],
    ] {
        let (code, _, stderr) = messages(&bridge, wrong).await;
        assert_eq!(code, Some(2), "{wrong:?}: {stderr}");
    }
}

#[tokio::test]
async fn what_may_have_arrived_is_sent_again_only_with_yes() {
    let bridge = Bridge::new().await;
    let id = bridge.agents_unconfirmed().await;
    let number = number_of(&bridge, &id).await;
    let (code, outcome) = json(&bridge, &["replay", "--reason", "unconfirmed", "--yes"]).await;
    assert_eq!(code, Some(0), "{outcome}");
    assert_eq!(ids(&outcome["replayed"]), [number]);
}

#[tokio::test]
async fn behind_thousands_of_older_messages_those_since_a_time_are_all_found() {
    let bridge = Bridge::new().await;
    for (age, count) in [
        ("30 days", 3_000),
        ("3 hours", 20),
        ("5 days", 1),
        ("1 hour", 1_500),
    ] {
        sqlx::query(
            "insert into outbound (location_id, ghl_message_id, conversation, body, state, due_at, accepted_at)
             select $1, $2 || n, 'c', '{}', 'read', now(), now() - $2::interval from generate_series(1, $3) n",
        )
        .bind(seed::LOCATION_ID)
        .bind(age)
        .bind(count)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    }
    for (since, expected) in [("2h", 1_500), ("4h", 1_520), ("6d", 1_521), ("60d", 4_521)] {
        let (_, list) = json(&bridge, &["list", "--since", since, "--limit", "9000"]).await;
        assert_eq!(
            list["messages"].as_array().unwrap().len(),
            expected,
            "{since}"
        );
    }
}
