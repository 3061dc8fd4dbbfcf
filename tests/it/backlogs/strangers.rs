//! What waits for its turn among first contacts makes no claim slower, however much it is.

use std::sync::Arc;

use waapify_ghl::workers::outbound::Outbound;

use super::{FEW, UNTIL_PLANNED, long_running, look, run};

/// A hundred protected numbers, each with one message to somebody who never wrote, which has to wait.
const NUMBERS: [&str; 3] = [
    "insert into locations select 'Cap' || n, null, now() from generate_series(1, 100) n",
    "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
         is_default, next_send_at, connected_at, protects, cold_next_at)
     select 'Cap' || n, '601' || (10000000 + n), 'none', null, null, ('cap' || n)::bytea, true, '2000-01-01', now(), true, '2100-01-01'
     from generate_series(1, 100) n",
    "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, is_cold)
     select 'Cap' || n, 'c' || n, 'c' || n, '{}', '2000-01-01', now(), true from generate_series(1, 100) n",
];
/// A thousand more for each.
const MORE: &str =
    "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, is_cold)
     select 'Cap' || 1 + n % 100, n, n, '{}', '2000-01-01', now(), true from generate_series(1, 100000) n";

#[tokio::test]
async fn a_claim_under_caps_costs_the_same_however_many_wait() {
    let (bridge, pool) = long_running().await;
    let outbound = Outbound(Arc::clone(&bridge.app.context));
    run(&pool, &NUMBERS).await;
    for _ in 0..UNTIL_PLANNED {
        look(&outbound, &pool).await;
    }
    let few = look(&outbound, &pool).await;
    run(&pool, &[MORE]).await;
    let many = look(&outbound, &pool).await;
    assert!(
        many < few + FEW / 2,
        "{few} with a hundred waiting, {many} with 100,100"
    );
}
