//! Messages about hundreds of incidents: nothing that matters is hidden behind the rest.

use time::Duration;

use super::{Target, after, break_gateway, stages, told_to};
use crate::harness::Bridge;

/// Opens an incident of this kind in each of so many sub-accounts.
async fn begin_many(bridge: &Bridge, kind: &str, count: i32) {
    sqlx::query(
        "insert into incidents (location_id, number, kind, since, last_seen_at)
         select $1 || n, '', $1, $3, $3 from generate_series(1, $2) n",
    )
    .bind(kind)
    .bind(count)
    .bind(bridge.clock.now())
    .execute(&bridge.database.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn the_worst_is_told_first_and_what_has_one_cause_together() {
    let target = Target::start().await;
    let bridge = told_to(&target).await;
    begin_many(&bridge, "undelivered", 20).await;
    after(&bridge, Duration::minutes(3)).await;
    assert_eq!(target.take_one()["alerts"].as_array().unwrap().len(), 20);
    after(&bridge, Duration::minutes(24 * 60 - 10)).await;
    assert_eq!(target.take().len(), 0);
    begin_many(&bridge, "provider", 300).await;
    break_gateway(&bridge).await;
    after(&bridge, Duration::MINUTE).await;
    assert_eq!(target.take().len(), 0);
    // Now the warnings last for a day, and the rest is new.
    after(&bridge, Duration::minutes(10)).await;
    let alert = target.take_one();
    let stages = stages(&alert);
    assert_eq!(stages.len(), 321);
    assert_eq!(stages[0], ("begun", "gateway"));
    assert_eq!(
        (stages[1], stages[320]),
        (("begun", "provider"), ("lasts", "undelivered"))
    );
    let text = alert["text"].as_str().unwrap();
    let places = [
        "the service: Waapify fails for every number",
        "/operator\n",
        "300 sub-accounts: No default SMS provider",
        "/operator/locations/provider1",
        "Still: 20 sub-accounts: ",
        "/operator/locations/undelivered1",
    ]
    .map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}")));
    assert!(places.is_sorted() && places[0] == 0, "{places:?}: {text}");
    assert!(text.len() < 2_000 && !text.contains(" more"), "{text}");
}
