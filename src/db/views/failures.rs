//! Failed messages: lists of them page by page, and how many there are of each reason. What is counted, listed and sent again
//! has the same conditions.
//!
//! Like `messages`, it must not read a message's text, or more of a customer's number than its last four digits. All
//! statements read along the indexes of failed messages, which are few beside all others.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::views::messages::MessageRow;
use crate::db::views::queue_counts::MAX_COUNT;
use crate::db::views::{messages, search};
use crate::model::ids::{CompanyId, LocationId, MessageId};
use crate::model::reason::Reason;

/// Which failed messages; what is none is not asked.
#[derive(Clone, Debug, Default)]
pub struct Failed {
    /// Of this location.
    pub location: Option<LocationId>,
    /// Of the locations of this agency.
    pub company: Option<CompanyId>,
    /// With one of these reasons, by their own codes ([`crate::model::reason::codes_of`]).
    pub reasons: Option<Vec<String>>,
    /// It arrived then or later.
    pub since: Option<OffsetDateTime>,
    /// It arrived before.
    pub until: Option<OffsetDateTime>,
}

/// Failed messages, with an id below which none fits.
#[derive(Clone, Debug)]
pub struct Scope {
    failed: Failed,
    first: i64,
}

impl Failed {
    /// Finds where to look: no index has the times of messages, but ids follow them.
    pub async fn scope(self, pool: &Pool) -> sqlx::Result<Scope> {
        let first = match self.since {
            Some(since) => search::find_first_id(pool, since).await?,
            None => 0,
        };
        Ok(Scope {
            failed: self,
            first,
        })
    }
}

impl Scope {
    /// Those before the one with the id `before`, newest first, with the reason of their last step.
    pub async fn list(
        &self,
        pool: &Pool,
        before: MessageId,
        limit: i64,
    ) -> sqlx::Result<Vec<MessageRow>> {
        let failed = &self.failed;
        let rows = sqlx::query_as!(
            MessageRow,
            r#"
            select f.direction as "direction!", f.location_id as "location_id!", f.id as "id!", f.state as "state!",
                -- The last step knows more than the message about what GHL was told.
                coalesce((
                    select reason_of(s.cause_code, s.cause_args)
                    from timeline s
                    where s.location_id = f.location_id and s.message_id = f.id and s.state = 'failed'
                    order by s.at desc, s.step desc
                    limit 1
                ), f.reason) as "reason: Reason",
                f.number, f.chat_end, f.ghl_message_id, f.parts_sent, f.parts, f.accepted_at as "accepted_at!"
            from (
                select *
                from messages
                where state = 'failed' and id >= $1 and id < $2
                    and ($3::text is null or location_id = $3)
                    and ($4::text is null or location_id in (select location_id from locations where company_id = $4))
                    and ($5::text[] is null or reason->>'code' = any($5))
                    and ($6::timestamptz is null or accepted_at >= $6)
                    and ($7::timestamptz is null or accepted_at < $7)
                order by id desc
                limit $8
            ) f
            order by f.id desc
            "#,
            self.first,
            before.0,
            failed.location.as_ref().map(LocationId::as_str),
            failed.company.as_ref().map(CompanyId::as_str),
            failed.reasons.as_deref() as Option<&[String]>,
            failed.since,
            failed.until,
            limit,
        )
        .fetch_all(pool)
        .await?;
        messages::with_ends(pool, rows).await
    }

    /// Those after the one with the id `after`, oldest first, with their own reason: it decides what can be done.
    pub async fn list_oldest(
        &self,
        pool: &Pool,
        after: MessageId,
        limit: i64,
    ) -> sqlx::Result<Vec<MessageRow>> {
        let failed = &self.failed;
        sqlx::query_as!(
            MessageRow,
            r#"
            select direction as "direction!", location_id as "location_id!", id as "id!", state as "state!", reason,
                number, chat_end, ghl_message_id, parts_sent, parts, accepted_at as "accepted_at!"
            from messages
            where state = 'failed' and id >= $1 and id > $2
                and ($3::text is null or location_id = $3)
                and ($4::text is null or location_id in (select location_id from locations where company_id = $4))
                and ($5::text[] is null or reason->>'code' = any($5))
                and ($6::timestamptz is null or accepted_at >= $6)
                and ($7::timestamptz is null or accepted_at < $7)
            order by id
            limit $8
            "#,
            self.first,
            after.0,
            failed.location.as_ref().map(LocationId::as_str),
            failed.company.as_ref().map(CompanyId::as_str),
            failed.reasons.as_deref() as Option<&[String]>,
            failed.since,
            failed.until,
            limit,
        )
        .fetch_all(pool)
        .await
    }

    /// How many there are of each reason, the most first, among the newest [`MAX_COUNT`].
    pub async fn count_reasons(&self, pool: &Pool) -> sqlx::Result<Vec<ReasonCount>> {
        let failed = &self.failed;
        sqlx::query_as!(
            ReasonCount,
            r#"
            select f.code, (array_agg(f.reason order by f.id desc))[1] as "reason: Reason", count(*) as "count!",
                count(distinct f.location_id) as "locations!", min(f.accepted_at) as "first_at!",
                max(f.accepted_at) as "last_at!"
            from (
                select id, location_id, reason, reason->>'code' as code, accepted_at
                from messages
                where state = 'failed' and id >= $1
                    and ($2::text is null or location_id = $2)
                    and ($3::text is null or location_id in (select location_id from locations where company_id = $3))
                    and ($4::text[] is null or reason->>'code' = any($4))
                    and ($5::timestamptz is null or accepted_at >= $5)
                    and ($6::timestamptz is null or accepted_at < $6)
                order by id desc
                limit $7
            ) f
            group by f.code
            order by count(*) desc, f.code
            "#,
            self.first,
            failed.location.as_ref().map(LocationId::as_str),
            failed.company.as_ref().map(CompanyId::as_str),
            failed.reasons.as_deref() as Option<&[String]>,
            failed.since,
            failed.until,
            MAX_COUNT,
        )
        .fetch_all(pool)
        .await
    }
}

/// How many messages failed for a reason.
#[derive(Clone, Debug)]
pub struct ReasonCount {
    /// The reason's own code; none in rows of the first version.
    pub code: Option<String>,
    /// The reason of the newest of them.
    pub reason: Option<Reason>,
    /// How many.
    pub count: i64,
    /// Of how many locations.
    pub locations: i64,
    /// When the oldest arrived.
    pub first_at: OffsetDateTime,
    /// When the newest did.
    pub last_at: OffsetDateTime,
}
