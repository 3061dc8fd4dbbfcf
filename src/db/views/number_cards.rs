//! How a number is doing: what it sent today, how many people it wrote to that never wrote to it, who answered, what WhatsApp
//! refused, and what waits. Each statement reads a bounded number of rows along an index.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::numbers::protection;
use crate::db::numbers::protection::{Of, Protection};
use crate::model::protection::Limits;
use crate::model::reason::Reason;

/// Those who were written to within this time are counted for the share of answers.
const ANSWERS: Duration = Duration::days(14);
/// Refusals within this time are shown: those that count.
const REFUSALS: Duration = Duration::days(30);
/// The most waiting messages that are counted.
pub const MAX_WAITING: i64 = 10_000;

/// How a number is doing.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its settings, and since when it is connected.
    pub protection: Protection,
    /// Its limits now.
    pub limits: Limits,
    /// Of the messages that came for it since midnight of its zone: those that WhatsApp took.
    pub sent: i64,
    /// Those of them on customers' phones.
    pub delivered: i64,
    /// Those that failed.
    pub failed: i64,
    /// First contacts today.
    pub first_contacts: i32,
    /// People who never wrote before and were written to in two weeks.
    pub written_to: i64,
    /// Those of them who answered.
    pub answered: i64,
    /// WhatsApp's refusals in 30 days, and the last of them.
    pub refusals: i64,
    /// When it refused last.
    pub refused_at: Option<OffsetDateTime>,
    /// Messages to people who never wrote, that wait; [`MAX_WAITING`] and more are one more than that.
    pub waiting: i64,
    /// Why those wait, if not for a pause only.
    pub why: Option<Reason>,
}

/// How a number is doing; none where its location has no such number.
pub async fn find(pool: &Pool, of: Of<'_>, now: OffsetDateTime) -> sqlx::Result<Option<Card>> {
    let Some(protection) = protection::find(pool, of).await? else {
        return Ok(None);
    };
    let limits = protection.limits(now);
    let midnight = limits.zone.at_minute(now, 0, 0);
    let counted = sqlx::query!(
        r#"
        select
            (
                select count(*)::int
                from first_contacts
                where location_id = $1 and number = $2 and day = $3
            ) as "first_contacts!",
            (
                select count(*)
                from restrictions
                where location_id = $1 and number = $2 and at > $4
            ) as "refusals!",
            (
                select max(at)
                from restrictions
                where location_id = $1 and number = $2 and at > $4
            ) as refused_at,
            (
                select count(*)
                from (
                    select 1
                    from numbers n
                    cross join lateral (values (n.number), (case when n.is_default then '' end)) queue (route)
                    cross join lateral (
                        select 1
                        from outbound o
                        where o.location_id = n.location_id and o.route = queue.route and o.is_cold and o.state = 'accepted'
                        limit $5
                    ) o
                    where n.location_id = $1 and n.number = $2
                    limit $5
                ) w
            ) as "waiting!",
            (
                select case
                    when stopped_at is not null then reason_of('automated_stopped', null)
                    else reason_of(cold_code, cold_args)
                end
                from numbers
                where location_id = $1 and number = $2
            ) as "why: Reason"
        "#,
        of.location.as_str(),
        of.number,
        limits.day(now),
        now - REFUSALS,
        MAX_WAITING + 1,
    )
    .fetch_one(pool)
    .await?;
    let (written_to, answered) = count_answers(pool, of, now).await?;
    let today = count_today(pool, of, midnight).await?;
    Ok(Some(Card {
        limits,
        sent: today.0,
        delivered: today.1,
        failed: today.2,
        first_contacts: counted.first_contacts,
        written_to,
        answered,
        refusals: counted.refusals,
        refused_at: counted.refused_at,
        waiting: counted.waiting,
        why: counted.why,
        protection,
    }))
}

/// People who were written to first, and those of them who wrote afterwards.
async fn count_answers(pool: &Pool, of: Of<'_>, now: OffsetDateTime) -> sqlx::Result<(i64, i64)> {
    sqlx::query!(
        r#"
        select count(*) as "written_to!",
            count(*) filter (
                where exists (
                    select 1
                    from contacts c
                    where c.location_id = $1 and c.phone = f.phone and c.wrote_at >= f.at
                )
            ) as "answered!"
        from (
            select phone, min(at) as at
            from first_contacts
            where location_id = $1 and number = $2 and day >= ($3::timestamptz at time zone 'UTC')::date - 1 and at > $3
            group by phone
        ) f
        "#,
        of.location.as_str(),
        of.number,
        now - ANSWERS,
    )
    .map(|row| (row.written_to, row.answered))
    .fetch_one(pool)
    .await
}

/// Of the messages that came since then: sent, delivered, failed.
async fn count_today(
    pool: &Pool,
    of: Of<'_>,
    since: OffsetDateTime,
) -> sqlx::Result<(i64, i64, i64)> {
    sqlx::query!(
        r#"
        select coalesce(sum(sent), 0) as "sent!", coalesce(sum(delivered), 0) as "delivered!",
            coalesce(sum(failed), 0) as "failed!"
        from hour_counts
        where location_id = $1 and hour >= $2 and direction = 'outbound' and number = $3
        "#,
        of.location.as_str(),
        since,
        of.number,
    )
    .map(|row| (row.sent, row.delivered, row.failed))
    .fetch_one(pool)
    .await
}
