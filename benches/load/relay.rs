//! How fast messages go through claim, send, receipt and status, without pacing, from one number and from a thousand.
//!
//! The messages are stored before the clock starts, each in its own conversation and old enough that GHL accepts its
//! status at once. The limit is what pgbench commits at 16 connections, divided by the commits for one message.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use sqlx::{Connection as _, PgConnection};
use tower::ServiceExt as _;
use waapify_ghl::accounts::connect::Entered;
use waapify_ghl::app::App;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::runtime::clock::Clock;
use waapify_ghl::{config, db};

use crate::client::{LOCATION, Load, delivery_of};
use crate::figures::{median, per_second};
use crate::pgbench::Pgbench;
use crate::service::{Service, environment, free_address};
use crate::vendors::Vendors;
use crate::{Controls, accept, execute, number};

const ROUNDS: usize = 3;
/// The number of numbers, and of messages in a round: some seconds of work.
const SETTINGS: [(u32, u32); 2] = [(1, 400), (1_000, 4_000)];
/// Connections of pgbench for the limit.
const LIMIT_CONNECTIONS: u32 = 16;
/// Postgres writes its statistics about a second after the work.
const STATISTICS: Duration = Duration::from_millis(1_500);
/// Longest wait for a round.
const PATIENCE: Duration = Duration::from_mins(2);

/// A service between vendors, with locations that are installed and connected.
pub struct Bridge {
    pub service: Service,
    pub load: Load,
    pub url: String,
    pub database: PgConnection,
    pub vendors: Vendors,
    numbers: u32,
}

impl Bridge {
    /// `numbers` locations `l1`, `l2` and so on with one number each, beside the location of `accept`.
    pub async fn new(stage: &Controls, name: &str, numbers: u32) -> Self {
        let url = stage.database(name).await;
        let (load, address) = (Load::new(), free_address());
        let vendors = Vendors::start(address).await;
        let environment = environment(&url, address, &load.public_key(), &vendors.address);
        let pool = db::open_pool(&url).unwrap();
        db::migrate(&pool).await.unwrap();
        let find = |name: &str| {
            let setting = environment.iter().find(|(key, _)| *key == name);
            setting.map(|(_, value)| value.clone())
        };
        let settings = config::load(find).unwrap();
        let app = App::new(&settings, pool.clone(), Clock::system()).unwrap();
        for n in 1..=numbers {
            let install = Request::get(format!("/oauth/callback?code=l{n}"));
            let install = install.body(Body::empty()).unwrap();
            let answer = app.router().oneshot(install).await.unwrap();
            assert!(answer.status().is_redirection(), "{answer:?}");
            let entered = Entered {
                instance_id: format!("I{n}"),
                access_token: "bench".into(),
                number: format!("6012{n:07}"),
            };
            let location = LocationId(format!("l{n}"));
            app.connector
                .connect(&location, &entered, None)
                .await
                .unwrap();
        }
        pool.close().await;
        let mut database = PgConnection::connect(&url).await.unwrap();
        execute(&mut database, accept::SEED).await;
        let (service, _) = Service::start_with(address, environment).await;
        Self {
            service,
            load,
            url,
            database,
            vendors,
            numbers,
        }
    }

    /// Sends this many messages, spread over all numbers. Returns how long it took until GHL had all statuses.
    pub async fn relay(&mut self, messages: u32) -> Duration {
        let target = self.vendors.told() + u64::from(messages);
        let insert = format!(
            "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
             select 'l' || 1 + n % {}, gen_random_uuid(), n,
                convert_to(replace(replace('{}', 'CONTACT', n::text), 'PHONE', lpad(n::text, 7, '0')), 'UTF8'),
                now(), now() - interval '1 minute' from generate_series(1, {messages}) n",
            self.numbers,
            // Each message has a contact of its own, which it had in the last round, too.
            delivery_of(LOCATION, "CONTACT", "+6012PHONE"),
        );
        execute(&mut self.database, &insert).await;
        let begin = Instant::now();
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while self.vendors.told() < target {
            assert!(begin.elapsed() < PATIENCE, "messages are stuck");
            look.tick().await;
        }
        begin.elapsed()
    }

    /// Statements and transactions of this database so far. Statements are 0 if the server does not count them.
    async fn count(&mut self) -> (i64, i64) {
        tokio::time::sleep(STATISTICS).await;
        let counts = "select count(*) from pg_extension where extname = 'pg_stat_statements'";
        let statements = if number(&mut self.database, counts).await > 0 {
            let sum = "select sum(calls)::bigint from pg_stat_statements
                where dbid = (select oid from pg_database where datname = current_database())";
            number(&mut self.database, sum).await
        } else {
            0
        };
        let commits = "select xact_commit from pg_stat_database where datname = current_database()";
        (statements, number(&mut self.database, commits).await)
    }
}

pub async fn run(stage: &Controls) {
    println!("\nRelaying messages: medians of {ROUNDS} rounds");
    println!("numbers  messages/s  statements each  commits each  limit/s  ratio");
    for (numbers, messages) in SETTINGS {
        let mut bridge = Bridge::new(stage, &format!("relay_{numbers}"), numbers).await;
        let extension = "do $$ begin create extension pg_stat_statements; exception when others then null; end $$";
        execute(&mut bridge.database, extension).await;
        let pgbench = Pgbench::new(stage, &bridge.url);
        bridge.relay(numbers.max(100)).await; // opens connections
        let (mut rates, mut limits, mut each) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
        for _ in 0..ROUNDS {
            let (statements, commits) = bridge.count().await;
            let took = bridge.relay(messages).await;
            let (statements_after, commits_after) = bridge.count().await;
            rates.push(per_second(usize::try_from(messages).unwrap(), took));
            for (each, sum) in each
                .iter_mut()
                .zip([statements_after - statements, commits_after - commits])
            {
                each.push(f64::from(i32::try_from(sum).unwrap()) / f64::from(messages));
            }
            let theirs = pgbench
                .as_ref()
                .map(|pgbench| pgbench.round(LIMIT_CONNECTIONS));
            limits.extend(theirs);
            let done = "delete from outbound where location_id = 'wAapLoc4b9QxT2mK7pZd'";
            execute(&mut bridge.database, done).await;
        }
        let limit = median(&limits) / median(&each[1]);
        println!(
            "{numbers:>7}  {:>10.0}  {:>15.1}  {:>12.1}  {limit:>7.0}  {:>5.2}",
            median(&rates),
            median(&each[0]),
            median(&each[1]),
            median(&rates) / limit,
        );
    }
}
