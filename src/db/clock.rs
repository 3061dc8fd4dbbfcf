//! The database's time, by which all processes go.

use std::time::Instant;

use crate::db::connection::Pool;
use crate::runtime::clock::Clock;

/// Sets the clock to the database's time. The answer is taken to be half way between question and receipt.
pub async fn synchronize(pool: &Pool, clock: &Clock) -> sqlx::Result<()> {
    // Over a connection that exists already, so that only the question takes time.
    let mut connection = pool.acquire().await?;
    sqlx::query!("select 1 as one")
        .fetch_one(&mut connection)
        .await?;
    let asked = Instant::now();
    let time = sqlx::query_scalar!(r#"select clock_timestamp() as "time!""#)
        .fetch_one(&mut connection)
        .await?;
    clock.set(time + asked.elapsed() / 2);
    Ok(())
}
