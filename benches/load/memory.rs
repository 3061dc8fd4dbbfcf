//! Resident memory, idle and under load, and the time from start to ready.

use std::fs;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use crate::client::Load;
use crate::figures::megabytes;
use crate::service::{PROGRAM, Service};
use crate::{Controls, accept, execute};

/// Starts of a service whose schema is up to date.
const STARTS: usize = 5;

pub async fn run(stage: &Controls) {
    let url = stage.database("memory").await;
    let load = Load::new();
    let mut starts = Vec::new();
    for _ in 0..=STARTS {
        let (_, start) = Service::start(&url, &load.public_key()).await;
        starts.push(start.as_millis());
    }
    let first = starts.remove(0);
    starts.sort_unstable();
    let start = starts[STARTS / 2];
    let (service, _) = Service::start(&url, &load.public_key()).await;
    let mut database = PgConnection::connect(&url).await.unwrap();
    execute(&mut database, accept::SEED).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = service.memory("VmRSS:");
    load.round(service.address, 64).await;
    let peak = service.memory("VmHWM:");
    let size = megabytes(fs::metadata(PROGRAM).unwrap().len());
    println!("\nresident memory  {idle} idle, {peak} at most with 64 connections");
    println!("start to ready   {start} ms, {first} ms with an empty database");
    println!("release binary   {size}");
}
