//! How often the monitor checks a location, with any number of callers; and what it does not count as an incident.

use simulators::{DefaultProvider, seed};
use time::Duration;
use waapify_ghl::db::accounts::{installs, uninstalls};
use waapify_ghl::db::history::incidents;
use waapify_ghl::db::history::incidents::About;
use waapify_ghl::model::states::IncidentKind;

use crate::doctor::complete;
use crate::harness::{Bridge, location};
use crate::monitor::{look, look_later, wrong};

/// Does what the worker of Waapify's events does when it learns of a link.
async fn hear(bridge: &Bridge) {
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    incidents::check_soon(pool, &location(), now).await.unwrap();
}

#[tokio::test]
async fn a_link_that_comes_and_goes_has_it_looked_at_twice_a_minute_at_most() {
    let bridge = complete().await;
    hear(&bridge).await;
    assert_eq!(look(&bridge.app).await, 1, "the first time at once");
    let mut looks = 0;
    for _ in 0..60 {
        bridge.clock.advance(Duration::SECOND);
        hear(&bridge).await;
        looks += look(&bridge.app).await;
    }
    assert_eq!(looks, 2);
}

#[tokio::test]
async fn what_is_heard_during_a_look_begins_no_second_one_and_is_not_lost() {
    let bridge = complete().await;
    let pool = &bridge.database.pool;
    hear(&bridge).await;
    let (now, lease) = (bridge.clock.now(), Duration::minutes(5));
    let mut jobs = incidents::claim_due_locations(pool, now, lease, 9)
        .await
        .unwrap();
    let job = jobs.pop().unwrap();
    bridge.clock.advance(Duration::minutes(2));
    hear(&bridge).await;
    assert_eq!(look(&bridge.app).await, 0, "it is being looked at");
    let next = bridge.clock.now() + Duration::minutes(15);
    incidents::schedule_next_check(pool, &job, next)
        .await
        .unwrap();
    assert_eq!(look(&bridge.app).await, 1, "something was heard meanwhile");
    bridge.clock.advance(Duration::minutes(2));
    assert_eq!(look(&bridge.app).await, 0);
}

#[tokio::test]
async fn a_location_that_comes_back_is_set_up_in_peace() {
    let bridge = complete().await;
    look_later(&bridge).await;
    let mut connection = bridge.database.pool.acquire().await.unwrap();
    let (location, now) = (location(), bridge.clock.now());
    let is_known = uninstalls::uninstall_location(&mut connection, &location, None, None, now);
    assert!(is_known.await.unwrap());
    let about = About {
        location: &location,
        number: "",
        kind: IncidentKind::Provider,
    };
    let noted = incidents::open(&bridge.database.pool, about, None, None, now).await;
    assert_eq!(noted.unwrap(), None, "a look that was under way");
    let ghl = &bridge.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Twilio);
    bridge.clock.advance(Duration::HOUR);
    let now = bridge.clock.now();
    installs::record_install(&mut connection, &location, None, now, now)
        .await
        .unwrap();
    assert_eq!(look(&bridge.app).await, 0);
    bridge.install().await;
    look_later(&bridge).await;
    assert_eq!(wrong(&bridge).await, [], "it has not chosen us yet");
}

#[tokio::test]
async fn a_busy_number_makes_no_quiet_one_look_silent() {
    let bridge = complete().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    let pool = &bridge.database.pool;
    sqlx::query("update receipts set level = 2")
        .execute(pool)
        .await
        .unwrap();
    sqlx::query(
        "insert into waapify_events (location_id, number, body, state, due_at, received_at)
         select $1, '60190000000', '', 'done', now(), now() from generate_series(1, 2500)",
    )
    .bind(seed::LOCATION_ID)
    .execute(pool)
    .await
    .unwrap();
    look_later(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
}
