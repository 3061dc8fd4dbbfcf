//! How fast the Delivery URL accepts (verify Ed25519, commit, answer), compared with pgbench and the bare
//! insert.
//!
//! At each number of connections its rounds alternate with pgbench's, and each pair gives one ratio. Only accepting
//! is measured: the location's number may not send for years, so nothing is claimed. The worker still polls the
//! queue, because each delivery notifies it.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use crate::client::{Load, ROUND_SECONDS};
use crate::figures::{median, per_second, percentile, ratio};
use crate::pgbench::Pgbench;
use crate::service::Service;
use crate::{Controls, execute, number};

const LEVELS: [u32; 3] = [1, 16, 64];
const ROUNDS: usize = 5;
/// A location whose number may not send yet.
pub const SEED: &str = "
    insert into locations values ('wAapLoc4b9QxT2mK7pZd', null, now());
    insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
        is_default, next_send_at, connected_at) values
        ('wAapLoc4b9QxT2mK7pZd', '60123456789', 'none', null, null, '', true, '2100-01-01', now())";

pub async fn run(stage: &Controls) {
    let url = stage.database("accept").await;
    let load = Load::new();
    let (service, _) = Service::start(&url, &load.public_key()).await;
    let mut database = PgConnection::connect(&url).await.unwrap();
    execute(&mut database, SEED).await;
    let pgbench = Pgbench::new(stage, &url);
    load.round(service.address, 64).await; // opens the service's connections to the database
    let mut levels = LEVELS.map(Level::new);
    for _ in 0..ROUNDS {
        for level in &mut levels {
            execute(&mut database, "truncate outbound, timeline").await;
            level.post(&load, &service, &mut database).await;
            execute(&mut database, "truncate outbound, timeline").await;
            level.compare(pgbench.as_ref());
        }
    }
    println!(
        "\nAccepting deliveries: medians of {ROUNDS} rounds of {ROUND_SECONDS} s on each side"
    );
    println!("connections  ours/s  pgbench/s  ratio  p50 ms  p99 ms  processor \u{b5}s");
    for level in &mut levels {
        println!("{}", level.line());
    }
}

/// The measurements at one number of connections.
pub struct Level {
    connections: u32,
    pub ours: Vec<f64>,
    pub pgbench: Vec<f64>,
    took: Vec<Duration>,
    processor: Vec<f64>,
}

impl Level {
    pub fn new(connections: u32) -> Self {
        Self {
            connections,
            ours: Vec::new(),
            pgbench: Vec::new(),
            took: Vec::new(),
            processor: Vec::new(),
        }
    }

    /// A round of the service. Every 200 must be a commit.
    pub async fn post(&mut self, load: &Load, service: &Service, database: &mut PgConnection) {
        let stored = "select count(*) from outbound where state = 'accepted'";
        let (before, busy) = (number(database, stored).await, service.processor());
        let (took, all) = load.round(service.address, self.connections).await;
        let busy = service.processor().checked_sub(busy).unwrap_or_default();
        let new = number(database, stored).await - before;
        assert_eq!(usize::try_from(new).unwrap(), took.len());
        self.ours.push(per_second(took.len(), all));
        self.processor.push(1e6 / per_second(took.len(), busy));
        self.took.extend(took);
    }

    /// A round of pgbench.
    pub fn compare(&mut self, pgbench: Option<&Pgbench>) {
        let theirs = pgbench.map(|pgbench| pgbench.round(self.connections));
        self.pgbench.extend(theirs);
    }

    fn line(&mut self) -> String {
        self.took.sort_unstable();
        format!(
            "{:>11}  {:>6.0}  {:>9.0}  {:>5}  {:>6.2}  {:>6.2}  {:>12.0}",
            self.connections,
            median(&self.ours),
            median(&self.pgbench),
            ratio(&self.ours, &self.pgbench),
            percentile(&self.took, 50),
            percentile(&self.took, 99),
            median(&self.processor),
        )
    }
}
