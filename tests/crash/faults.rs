//! What goes wrong in a round, decided by its seed: one track for each thing that can fail, all at the same time.
//!
//! Decides what fails, when and for how long, and records it. The faults are those that docs/vendors names. When the
//! time is over, everything works again.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use simulators::{Fault, Simulation};

use crate::load::Shop;
use crate::pass;
use crate::processes::{Replica, faketime};
use crate::store::{A_DAY, Store};

/// The gateway's text when its own server is down.
const OUTAGE: &str =
    r#"{"status":"error","message":"Cannot connect to server. Please try again later"}"#;
/// The gateway's text both for a message that was sent and for one that was not.
const NO_ID: &str = r#"{"status":"success","message":"Success"}"#;
/// What a proxy in front of a vendor shows instead of the vendor's answer.
const PAGE: &str = "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";
/// With these a proxy has surely not passed the request on.
const NOT_PASSED_ON: [u16; 7] = [200, 401, 403, 404, 405, 503, 530];
/// How far the clock of a machine may be off: the replicas go by the database's time.
const SKEW_SECONDS: std::ops::RangeInclusive<i64> = -3_600..=3_600;
/// More than a lease; than the pauses of retries; than a token's life.
const JUMP_SECONDS: [i64; 3] = [180, 7_200, 90_000];
/// An outage lasts some of these, less than messages may wait.
const STEPS_OF_AN_OUTAGE: std::ops::RangeInclusive<u32> = 1..=4;
const STEP_OF_AN_OUTAGE: &str = "interval '150 minutes'";

/// In the table of the end.
pub const KILLED: &str = "processes killed";
/// Of a standby: its primary runs on out of reach, or has crashed.
pub const TAKEOVERS: [&str; 2] = [
    "Postgres out of reach, its standby took over",
    "Postgres crashed, its standby took over",
];
const ASKED_TO_STOP: &str = "processes asked to stop";

/// What happened in a round.
#[derive(Default)]
pub struct Book {
    pub counts: Mutex<BTreeMap<&'static str, u64>>,
    pub complaints: Mutex<Vec<String>>,
}

impl Book {
    fn note(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    /// How many processes ended, killed or asked to.
    pub fn ends(&self) -> u64 {
        let counts = self.counts.lock().unwrap();
        let ends = [KILLED, ASKED_TO_STOP];
        ends.iter().filter_map(|end| counts.get(end)).sum()
    }

    fn complain(&self, complaint: Option<String>) {
        self.complaints.lock().unwrap().extend(complaint);
    }
}

/// The faults of one round.
pub struct Trouble<'a> {
    pub simulation: &'a Simulation,
    pub store: &'a tokio::sync::Mutex<Store>,
    pub replicas: &'a [Replica],
    pub shops: &'a [Shop],
    pub book: &'a Book,
    pub until: Instant,
}

impl Trouble<'_> {
    /// Runs all tracks until the time is over, then starts everything again.
    pub async fn run(&self, seed: u64) {
        let rng = |track: u64| StdRng::seed_from_u64(seed.wrapping_mul(31).wrapping_add(track));
        tokio::join!(
            self.processes(rng(1)),
            self.database(rng(2)),
            self.ghl(rng(3)),
            self.gateway(rng(4)),
            self.clocks(rng(5)),
            self.instances(rng(6)),
            self.supervise(),
        );
        self.store.lock().await.recover().await;
        self.replicas.iter().for_each(Replica::start);
    }

    /// Pauses for a random time. False when the time is over.
    async fn next(&self, rng: &mut StdRng, milliseconds: std::ops::Range<u64>) -> bool {
        pass(Duration::from_millis(rng.random_range(milliseconds))).await;
        Instant::now() < self.until
    }

    async fn supervise(&self) {
        while Instant::now() < self.until {
            pass(Duration::from_millis(20)).await;
            for replica in self.replicas {
                self.book.complain(replica.revive());
            }
        }
    }

    async fn processes(&self, mut rng: StdRng) {
        if rng.random_bool(0.2) {
            return;
        }
        while self.next(&mut rng, 200..1_800).await {
            let replica = &self.replicas[rng.random_range(0..self.replicas.len())];
            if rng.random_bool(0.8) {
                if replica.kill() {
                    self.book.note(KILLED);
                }
            } else {
                self.book.note(ASKED_TO_STOP);
                self.book.complain(replica.terminate().await);
            }
            pass(Duration::from_millis(rng.random_range(0..300))).await;
            replica.start();
        }
    }

    async fn database(&self, mut rng: StdRng) {
        if rng.random_bool(0.4) {
            return;
        }
        while self.next(&mut rng, 500..2_500).await {
            let down = Duration::from_millis(rng.random_range(0..500));
            let mut store = self.store.lock().await;
            match (rng.random_range(0..8), store.has_standby()) {
                (0..4, true) => {
                    self.book.note(TAKEOVERS[0]);
                    store.isolate().await;
                }
                (0..4, false) => {
                    self.book.note("Postgres crashed");
                    store.crash().await;
                    pass(down).await;
                }
                (4, true) => {
                    self.book.note(TAKEOVERS[1]);
                    store.crash().await;
                }
                (4..6, _) => {
                    self.book.note("Postgres silent");
                    store.set_flowing(false);
                    // Sometimes longer than the second after which a webhook is refused.
                    pass(down * 3).await;
                }
                _ => {
                    self.book.note("Postgres's connections forgotten");
                    store.forget_connections();
                }
            }
            store.recover().await;
        }
    }

    async fn ghl(&self, mut rng: StdRng) {
        if rng.random_bool(0.3) {
            return;
        }
        let faults = self.simulation.ghl.faults();
        // Once: messages may wait for a day.
        let mut was_down = false;
        while self.next(&mut rng, 100..800).await {
            let wait = Duration::from_millis(rng.random_range(50..900));
            let (what, fault) = match rng.random_range(0..8) {
                0 => ("GHL 5xx", Fault::answer(503, "<html>")),
                1 => ("GHL hangs", Fault::Hang(wait)),
                2 => ("GHL 429", slow_down()),
                3 => ("GHL's answer lost", Fault::after_effect(502, "")),
                4 => ("GHL's answer hangs", Fault::silent_after_effect(wait)),
                5 => ("a proxy's page for GHL", not_passed_on(&mut rng)),
                6 if !was_down => ("GHL down for hours", Fault::answer(503, "<html>")),
                _ => {
                    self.book.note("GHL's tokens end");
                    self.simulation.ghl.expire_access_tokens();
                    continue;
                }
            };
            self.book.note(what);
            faults.always("*", fault);
            if what == "GHL down for hours" {
                was_down = true;
                self.hours(&mut rng).await;
            }
            pass(Duration::from_millis(rng.random_range(30..500))).await;
            faults.clear();
        }
    }

    async fn gateway(&self, mut rng: StdRng) {
        if rng.random_bool(0.2) {
            return;
        }
        let faults = self.simulation.waapify.faults();
        // Once: messages may wait for a day.
        let mut was_down = false;
        while self.next(&mut rng, 100..800).await {
            let wait = Duration::from_millis(rng.random_range(50..900));
            let (what, fault) = match rng.random_range(0..12) {
                0 => ("gateway 5xx, nothing sent", Fault::answer(500, "<html>")),
                // Not 502: a prompt one says that the gateway has not seen the request.
                1 => ("gateway 5xx, sent", Fault::after_effect(500, "<html>")),
                2 => ("gateway hangs", Fault::Hang(wait)),
                3 => ("gateway sends and hangs", Fault::silent_after_effect(wait)),
                4 => ("gateway 429", Fault::answer(429, "")),
                5 => ("gateway says it is down", Fault::answer(200, OUTAGE)),
                6 => ("gateway lies: nothing sent", Fault::answer(200, NO_ID)),
                7 => ("gateway sends without id", Fault::after_effect(200, NO_ID)),
                8 => ("a proxy's page for the gateway", not_passed_on(&mut rng)),
                9 => ("a proxy's page, sent", Fault::after_effect(504, PAGE)),
                10 if !was_down => ("gateway down for hours", Fault::answer(530, PAGE)),
                _ => ("gateway slow", Fault::Slow(wait)),
            };
            self.book.note(what);
            faults.always("*", fault);
            if what == "gateway down for hours" {
                was_down = true;
                self.hours(&mut rng).await;
            }
            pass(Duration::from_millis(rng.random_range(30..400))).await;
            faults.clear();
        }
    }

    /// An outage of hours, of which the workers see some tries.
    async fn hours(&self, rng: &mut StdRng) {
        for _ in 0..rng.random_range(STEPS_OF_AN_OUTAGE) {
            pass(Duration::from_millis(rng.random_range(50..200))).await;
            // Fails while the database is down.
            let _ = self.store.lock().await.let_age(STEP_OF_AN_OUTAGE).await;
        }
    }

    /// One number's instance answers nothing for as long as the round lasts.
    async fn instances(&self, mut rng: StdRng) {
        if rng.random_bool(0.7) {
            return;
        }
        let shop = &self.shops[rng.random_range(0..self.shops.len())];
        let faults = self.simulation.waapify.faults();
        if self.next(&mut rng, 0..1_500).await {
            self.book.note("an instance hangs");
            let rest = self.until.saturating_duration_since(Instant::now());
            faults.always_for(("instance_id", &shop.instance), Fault::Hang(rest));
            pass(rest).await;
            faults.clear_for();
        }
    }

    async fn clocks(&self, mut rng: StdRng) {
        if rng.random_bool(0.5) {
            return;
        }
        let mut ahead = 0;
        while self.next(&mut rng, 300..2_000).await {
            if faketime().is_none() || rng.random_bool(0.3) {
                // Fails while the database is down.
                if self.store.lock().await.let_pass(A_DAY).await.is_ok() {
                    self.book.note("waits ended at once");
                }
            } else if rng.random_bool(0.6) {
                self.book.note("clocks jumped ahead");
                ahead += JUMP_SECONDS[rng.random_range(0..JUMP_SECONDS.len())];
                self.replicas
                    .iter()
                    .for_each(|replica| replica.set_clock(ahead));
            } else {
                self.book.note("one clock is off");
                let skew = rng.random_range(SKEW_SECONDS);
                self.replicas[rng.random_range(0..self.replicas.len())].set_clock(ahead + skew);
            }
        }
    }
}

/// A page with a status that says that the vendor has not seen the request.
fn not_passed_on(rng: &mut StdRng) -> Fault {
    Fault::answer(
        NOT_PASSED_ON[rng.random_range(0..NOT_PASSED_ON.len())],
        PAGE,
    )
}

/// GHL's burst limit, which ends soon.
fn slow_down() -> Fault {
    Fault::Answer {
        status: 429,
        headers: vec![(
            "x-ratelimit-interval-milliseconds".to_owned(),
            "200".to_owned(),
        )],
        body: r#"{"statusCode":429,"message":"Too Many Requests"}"#.to_owned(),
    }
}
