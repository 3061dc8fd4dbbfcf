//! GHL's rate limit: one count of calls for each location or company, shared by all processes
//! (`docs/vendors/ghl.md#limits`).

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::rate_limits::RateLimits;

/// How urgent a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallPriority {
    /// A person waits for it: a customer's message, a token.
    Reply,
    /// A status update, which may be later.
    StatusUpdate,
    /// A name for lists, which nobody misses for an hour.
    Name,
    /// A look that only makes an order better.
    Look,
}

impl CallPriority {
    /// The share of a window's calls that it may use: a campaign's status updates leave room for the replies to it, and looks
    /// leave room for both.
    pub(in crate::db) const fn share(self) -> f64 {
        match self {
            Self::Reply => 1.0,
            Self::StatusUpdate => 0.7,
            Self::Name => 0.5,
            Self::Look => 0.4,
        }
    }
}

/// The count after a call was added to it.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Calls since the window began, this one included.
    pub used: i32,
    /// Calls that GHL allows in a window.
    pub max: i32,
    /// Length of a window, in milliseconds.
    pub window_ms: i32,
    /// GHL failed for this owner lately, and no answer has ended that.
    pub is_down: bool,
}

/// Counts a call of an owner. The inner error: its calls are used up, at least until this time.
pub async fn take_call(
    pool: &Pool,
    owner: &str,
    priority: CallPriority,
    now: OffsetDateTime,
) -> sqlx::Result<Result<Taken, OffsetDateTime>> {
    let taken = sqlx::query_as!(
        Taken,
        r#"
        insert into rate_limits as b (owner_id, used, window_ends_at)
        values ($1, 1, $2::timestamptz + interval '10 seconds')
        on conflict (owner_id) do update set
            -- A window that has ended begins again with this call.
            used = case
                when b.window_ends_at <= $2 then 1
                else b.used + 1
            end,
            window_ends_at = case
                when b.window_ends_at <= $2 then $2 + b.window_ms * interval '1 millisecond'
                else b.window_ends_at
            end
        where (b.window_ends_at <= $2 or b.used < b.max * $3::float8)
          -- GHL asked for a pause: from all calls, or from those for which nobody waits.
          and (b.paused_until is null or b.paused_until <= $2)
          and ($4 or b.reserve_until is null or b.reserve_until <= $2)
        returning b.used, b.max, b.window_ms, b.down_since is not null as "is_down!"
        "#,
        owner,
        now,
        priority.share(),
        priority == CallPriority::Reply,
    )
    .fetch_optional(pool)
    .await?;
    match taken {
        Some(taken) => Ok(Ok(taken)),
        None => find_end(pool, owner, priority, now).await.map(Err),
    }
}

async fn find_end(
    pool: &Pool,
    owner: &str,
    priority: CallPriority,
    now: OffsetDateTime,
) -> sqlx::Result<OffsetDateTime> {
    sqlx::query_scalar!(
        r#"
        -- `greatest` passes over null; what is past already ends now.
        select greatest(
            $2::timestamptz,
            paused_until,
            case when $3 then null else reserve_until end,
            case when used >= max * $4::float8 then window_ends_at end
        ) as "end!"
        from rate_limits
        where owner_id = $1
        "#,
        owner,
        now,
        priority == CallPriority::Reply,
        priority.share(),
    )
    .fetch_one(pool)
    .await
}

/// Stores GHL's limits if they are news: another limit, a higher count than ours, or a pause.
pub async fn record_limits(
    pool: &Pool,
    owner: &str,
    taken: Taken,
    limits: RateLimits,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let max = limits.max.unwrap_or(taken.max);
    let window = limits
        .window
        .map(|window| i32::try_from(window.as_millis()).unwrap_or(i32::MAX));
    let window_ms = window.unwrap_or(taken.window_ms);
    let used = limits
        .remaining
        .map_or(taken.used, |left| (max - left).max(0));
    let is_news = (max, window_ms) != (taken.max, taken.window_ms)
        || used > taken.used
        || limits.pause.is_some()
        || limits.saving.is_some();
    if !is_news {
        return Ok(());
    }
    sqlx::query!(
        r#"
        update rate_limits
        set max = $2,
            window_ms = $3,
            used = greatest(used, $4),
            paused_until = greatest(paused_until, $5),
            reserve_until = greatest(reserve_until, $6)
        where owner_id = $1
        "#,
        owner,
        max,
        window_ms,
        used,
        limits.pause.map(|pause| now + pause),
        limits.saving.map(|pause| now + pause),
    )
    .execute(pool)
    .await
    .map(|_| ())
}
