//! The crash suite: real processes of the service over a real PostgreSQL between simulated vendors. Everything fails
//! at the same time, and after each round the suite checks what the service guarantees (docs/testing.md).
//!
//! Plays rounds in several lanes at a time, and prints a summary. A seed decides who is there, what they do and what
//! fails when. It does not decide how processes and networks race, so a seed repeats the plan but not each race.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a suite that cannot run should stop, and its table belongs to the terminal"
)]

mod checks;
mod faults;
mod load;
mod processes;
mod proxy;
mod records;
mod round;
mod standby;
mod statuses;
mod store;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs};

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::round::Outcome;
use crate::store::Store;

/// Rounds of `cargo test`, with seeds from 1: about half a minute.
const SHORT: u64 = 6;
/// Rounds at the same time. A round mostly waits.
const LANES: u64 = 4;

/// Which rounds to play.
#[derive(Clone, Copy)]
struct Order {
    rounds: u64,
    first_seed: u64,
    lanes: u64,
}

fn main() -> ExitCode {
    let Some(order) = order(env::args().skip(1)) else {
        return ExitCode::SUCCESS;
    };
    if !private_postgres::is_installed() {
        println!(
            "The crash suite needs PostgreSQL's programs: `./dev test` installs them, or says how."
        );
        println!("\ntest result: FAILED. 0 passed; 1 failed; 0 ignored");
        return ExitCode::FAILURE;
    }
    tokio::runtime::Runtime::new().unwrap().block_on(run(order))
}

/// Reads `--rounds`, `--seed` and `--lanes`. None when `cargo test` asks for other tests, or only for their names.
fn order(arguments: impl Iterator<Item = String>) -> Option<Order> {
    let mut order = Order {
        rounds: SHORT,
        first_seed: 1,
        lanes: LANES,
    };
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let mut number = || {
            arguments
                .next()
                .and_then(|value| value.parse().ok())
                .expect("a number")
        };
        match argument.as_str() {
            "--rounds" => order.rounds = number(),
            "--seed" => order.first_seed = number(),
            "--lanes" => order.lanes = number(),
            "--list" => return None,
            flag if flag.starts_with('-') => {}
            name if "crash".contains(name) => {}
            _ => return None,
        }
    }
    Some(order)
}

/// Plays all rounds and prints the results.
async fn run(order: Order) -> ExitCode {
    let begin = Instant::now();
    if processes::faketime().is_none() {
        println!(
            "libfaketime is not installed: no clock is moved, waits are ended in the database instead"
        );
    }
    // In cargo's folder, because the system's temporary folder is often in memory, where a sync costs nothing.
    let folder = format!("crash-{}", std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let next = Arc::new(AtomicU64::new(order.first_seed));
    let (sender, mut outcomes) = mpsc::channel(1);
    let mut lanes = JoinSet::new();
    for lane in 0..order.lanes.min(order.rounds) {
        let folder = folder.join(format!("lane-{lane}"));
        lanes.spawn(play_lane(folder, order, Arc::clone(&next), sender.clone()));
    }
    drop(sender);
    let (mut total, mut played) = (Outcome::default(), 0);
    while let Some((seed, outcome, took)) = outcomes.recv().await {
        played += 1;
        tell(seed, &outcome, took);
        for (what, count) in outcome.counts {
            *total.counts.entry(what).or_default() += count;
        }
        total.violations.extend(outcome.violations);
    }
    while let Some(lane) = lanes.join_next().await {
        // It has told why; its round is lost.
        total.violations.extend(
            lane.err()
                .map(|_| "a lane of the suite panicked".to_owned()),
        );
    }
    let took = begin.elapsed();
    print_summary(played, &total.counts, total.violations.len(), took);
    ExitCode::from(u8::from(
        !total.violations.is_empty() || played < order.rounds,
    ))
}

type Played = (u64, Outcome, Duration);

/// Plays one round after another over one server, each with the next seed.
async fn play_lane(folder: PathBuf, order: Order, next: Arc<AtomicU64>, to: mpsc::Sender<Played>) {
    let store = Mutex::new(Store::start(&folder.join("postgres")).await);
    loop {
        let seed = next.fetch_add(1, Ordering::SeqCst);
        if seed >= order.first_seed + order.rounds {
            break;
        }
        let logs = folder.join(format!("seed-{seed}"));
        let begin = Instant::now();
        let outcome = round::play(&store, &logs, seed).await;
        // The logs of a single round are kept, because it is played for them.
        if outcome.violations.is_empty() && order.rounds > 1 {
            fs::remove_dir_all(&logs).unwrap();
        }
        to.send((seed, outcome, begin.elapsed())).await.unwrap();
    }
    store.into_inner().end().await;
}

fn tell(seed: u64, outcome: &Outcome, took: Duration) {
    let count = |what| outcome.counts.get(what).copied().unwrap_or_default();
    println!(
        "seed {seed}: {} sent, {} posted, {} kills, {} crashes of Postgres, {} takeovers, \
         {} violations, {:.1} s",
        count("messages sent"),
        count("customers' messages posted"),
        count(faults::KILLED),
        count("Postgres crashed"),
        faults::TAKEOVERS.map(count).iter().sum::<u64>(),
        outcome.violations.len(),
        took.as_secs_f64(),
    );
    for violation in &outcome.violations {
        println!("  VIOLATION {violation}");
    }
}

fn print_summary(rounds: u64, counts: &BTreeMap<&str, u64>, violations: usize, took: Duration) {
    println!("\n{rounds:>8}  rounds in {:.0} s", took.as_secs_f64());
    for (what, count) in counts {
        println!("{count:>8}  {what}");
    }
    println!("{violations:>8}  violations");
    // `.ci/run` counts tests by this line.
    let (word, passed) = if violations == 0 {
        ("ok", 1)
    } else {
        ("FAILED", 0)
    };
    println!(
        "\ntest result: {word}. {passed} passed; {} failed; 0 ignored",
        1 - passed
    );
}

/// Lets real time pass. The suite waits in no other way.
async fn pass(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}
