//! Whether a backlog slows anything: accepting at 16 connections, and sending, over ten thousand and over a million
//! messages that wait for a number which may not send for years. The rounds of the two alternate.

use sqlx::PgConnection;

use crate::accept::Level;
use crate::figures::{median, per_second, ratio};
use crate::relay::Bridge;
use crate::service::{NOWHERE, Service, environment, free_address};
use crate::{Controls, execute};

const ROUNDS: usize = 3;
const BACKLOGS: [u32; 2] = [10_000, 1_000_000];
const CONNECTIONS: u32 = 16;
const NUMBERS: u32 = 100;
/// Messages of a round: a second or two of work.
const MESSAGES: u32 = 2_000;

struct Side {
    bridge: Bridge,
    accepted: Level,
    relayed: Vec<f64>,
}

pub async fn run(stage: &Controls) {
    let mut sides = Vec::new();
    for backlog in BACKLOGS {
        let mut bridge = Bridge::new(stage, &format!("flat_{backlog}"), NUMBERS).await;
        fill(&mut bridge.database, backlog).await;
        bridge.relay(MESSAGES).await;
        let (accepted, relayed) = (Level::new(CONNECTIONS), Vec::new());
        sides.push(Side {
            bridge,
            accepted,
            relayed,
        });
    }
    for _ in 0..ROUNDS {
        for side in &mut sides {
            side.measure().await;
        }
    }
    let [small, large] = sides.try_into().unwrap_or_else(|_| panic!("two sides"));
    println!("\nWith a backlog: medians of {ROUNDS} rounds");
    println!("backlog    accepted/s  relayed/s");
    for (backlog, side) in BACKLOGS.iter().zip([&small, &large]) {
        let (accepted, relayed) = (median(&side.accepted.ours), median(&side.relayed));
        println!("{backlog:>9}  {accepted:>10.0}  {relayed:>9.0}");
    }
    let accepted = ratio(&large.accepted.ours, &small.accepted.ours);
    let relayed = ratio(&large.relayed, &small.relayed);
    println!("{:>9}  {accepted:>10}  {relayed:>9}", "ratio");
    let (address, key) = (free_address(), large.bridge.load.public_key());
    let environment = environment(&large.bridge.url, address, &key, NOWHERE);
    let (_, start) = Service::start_with(address, environment).await;
    let memory = large.bridge.service.memory("VmHWM:");
    let start = start.as_millis();
    println!("with the million: {memory} resident at most, start to ready {start} ms");
}

/// A location whose number may not send yet, with its backlog in a thousand conversations.
async fn fill(database: &mut PgConnection, backlog: u32) {
    let fill = format!(
        "insert into locations values ('backlog', null, now());
         insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
            is_default, next_send_at, connected_at)
            values ('backlog', '60123456788', 'none', null, null, 'backlog', true, '2100-01-01', now());
         insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
         select 'backlog', n, n % 1000, convert_to(repeat('x', 400), 'UTF8'), now(), now()
         from generate_series(1, {backlog}) n"
    );
    execute(database, &fill).await;
    execute(database, "vacuum analyze").await;
    execute(database, "checkpoint").await;
}

impl Side {
    async fn measure(&mut self) {
        let Bridge {
            service,
            load,
            database,
            ..
        } = &mut self.bridge;
        self.accepted.post(load, service, database).await;
        // Makes the table as small as before.
        let accepted = "delete from outbound where location_id not in ('backlog')";
        execute(database, accepted).await;
        execute(database, "vacuum outbound").await;
        let took = self.bridge.relay(MESSAGES).await;
        let messages = usize::try_from(MESSAGES).unwrap();
        self.relayed.push(per_second(messages, took));
    }
}
