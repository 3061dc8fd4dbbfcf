//! How long one tenant's texts and replies take beside others that have much waiting, compared with the same without them.
//!
//! The neighbours: eight numbers whose instances hang, with five hundred texts each; twenty thousand replies of a location
//! without calls left; a hundred thousand texts behind a message that waits for its echo. Pacing is off, which is the
//! worst case.

use std::time::{Duration, Instant};

use serde_json::json;
use waapify_ghl::runtime::clock::Clock;

use crate::client::{connect, delivery_to, post, request};
use crate::figures::percentile;
use crate::relay::Bridge;
use crate::{Controls, execute};

/// The tenant `l1`, eight neighbours that hang, and one that has much waiting.
const NUMBERS: u32 = 10;
/// Texts, and as many replies, of which the slowest one counts.
const MESSAGES: usize = 100;
/// Longest wait for one of them: longer than an instance hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// A neighbour's name, and its rows.
const NEIGHBOURS: [(&str, &str); 4] = [
    ("nobody", "select 1"),
    (
        "eight hung numbers",
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
         select 'l' || l, 'h' || n, n, convert_to('DELIVERY', 'UTF8'), now(), now()
         from generate_series(2, 9) l, generate_series(1, 500) n",
    ),
    (
        "replies without budget",
        "insert into rate_limits (owner_id, used, window_ends_at) values ('l10', 100, now() + interval '1 h')
             on conflict (owner_id) do update set used = 100, window_ends_at = excluded.window_ends_at;
         insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
         select location_id, number, n, false, '601' || n, now(), 'accepted', now(), now()
         from numbers cross join generate_series(1, 20000) n where location_id = 'l10'",
    ),
    (
        "a blocked conversation",
        "insert into outbound (location_id, ghl_message_id, conversation, body, state, due_at, accepted_at)
         select 'l10', 'b' || n, 'blocked', convert_to('DELIVERY', 'UTF8'),
             case n when 1 then 'unconfirmed' else 'accepted' end, now() + case n when 1 then interval '1 h' else '0' end, now()
         from generate_series(1, 100000) n",
    ),
];

pub async fn run(stage: &Controls) {
    println!(
        "\nOne tenant beside others: p99 of {MESSAGES} texts and {MESSAGES} replies, and its ratio to the same without them"
    );
    println!("{:<24}  text ms  ratio  reply ms  ratio", "neighbour");
    let mut alone = None;
    for (n, (name, rows)) in NEIGHBOURS.into_iter().enumerate() {
        let mut bridge = Bridge::new(stage, &format!("neighbours_{n}"), NUMBERS).await;
        bridge.relay(100).await; // opens connections
        for neighbour in 2..10 {
            bridge.vendors.hang(&format!("I{neighbour}"));
        }
        execute(
            &mut bridge.database,
            &rows.replace("DELIVERY", &delivery_to("l10")),
        )
        .await;
        let (text, reply) = measure(&bridge).await;
        let (text_alone, reply_alone) = *alone.get_or_insert((text, reply));
        println!(
            "{name:<24}  {text:>7.0}  {:>5.2}  {reply:>8.0}  {:>5.2}",
            text / text_alone,
            reply / reply_alone
        );
    }
}

/// The p99 of texts and of replies, in milliseconds.
async fn measure(bridge: &Bridge) -> (f64, f64) {
    let (mut texts, mut replies) = (Vec::new(), Vec::new());
    let service = connect(bridge.service.address).await;
    let webhook = bridge.vendors.webhook("I1");
    for n in 0..MESSAGES {
        let (sent, posted) = (bridge.vendors.sent_by("I1"), bridge.vendors.posted());
        let began = Instant::now();
        post(&service, &bridge.load.signed(&delivery_to("l1"))).await;
        until(began, || bridge.vendors.sent_by("I1") > sent).await;
        texts.push(began.elapsed());
        let began = Instant::now();
        post(&service, &request(&webhook, "", &reply(n))).await;
        until(began, || bridge.vendors.posted() > posted).await;
        replies.push(began.elapsed());
    }
    texts.sort_unstable();
    replies.sort_unstable();
    (percentile(&texts, 99), percentile(&replies, 99))
}

async fn until(began: Instant, came_true: impl Fn() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(1));
    while !came_true() {
        assert!(began.elapsed() < PATIENCE, "a message is stuck");
        look.tick().await;
    }
}

/// A customer's message as Waapify posts it.
fn reply(n: usize) -> String {
    let key = json!({"remoteJid": "60123456789@s.whatsapp.net", "fromMe": false, "id": format!("AC{n:030}")});
    let now = Clock::system().now().unix_timestamp();
    let message = json!({"key": key, "messageTimestamp": now, "message": {"conversation": "hai"}});
    json!({"instance_id": "I1", "event": "messages.upsert", "data": {"messages": [message], "type": "notify"}}).to_string()
}
