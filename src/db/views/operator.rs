//! Locations, numbers and messages, page by page, as the operator's pages show them.
//!
//! Owns: reading a page without reading what is not on it; where a page ends, the next begins (a keyset). Refuses: what
//! messages say; and customers' numbers, but for the one message that is opened.

use sqlx::{FromRow, PgPool};
use time::OffsetDateTime;

use crate::db::accounts::installs::InstallRow;
use crate::db::views::messages::{Direction, MessageRow, inbound, outbound};
use crate::db::views::overview::WINDOW;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Reason;

/// Locations behind `after`, in the order of their ids. `troubled`: only those that need somebody.
pub async fn list_locations(
    pool: &PgPool,
    after: &str,
    troubled: bool,
    limit: i64,
) -> sqlx::Result<Vec<InstallRow>> {
    sqlx::query_as!(
        InstallRow,
        r#"
        select location_id as "location_id!", company_id, install_status as "install_status!", trouble, expires_at,
            number, hold_reason, last_out, last_in, last_ack
        from installs l
        where location_id > $1
          and (
            not $2
            -- It needs somebody.
            or hold_reason is not null
            or uninstalled_at is null and (
                token_problem is not null
                or not has_token
                or number is null
                or exists (
                    select 1
                    from incidents i
                    where i.location_id = l.location_id and i.resolved_at is null
                )
            )
          )
        order by location_id
        limit $3
        "#,
        after,
        troubled,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// One location.
pub async fn find_location(
    pool: &PgPool,
    location: &LocationId,
) -> sqlx::Result<Option<InstallRow>> {
    sqlx::query_as!(
        InstallRow,
        r#"
        select location_id as "location_id!", company_id, install_status as "install_status!", trouble, expires_at,
            number, hold_reason, last_out, last_in, last_ack
        from installs
        where location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await
}

/// A number of a business on a page.
#[derive(Clone, Debug, FromRow)]
pub struct NumberRow {
    /// Whose.
    pub location_id: LocationId,
    /// E.164 digits.
    pub number: String,
    /// Its location sends from it.
    pub is_default: bool,
    /// Waapify posts its events here; an uninstall ends that.
    pub is_connected: bool,
    /// Why sending is on hold.
    pub hold_reason: Option<Reason>,
    /// When a send may start next.
    pub next_send_at: OffsetDateTime,
    /// When it was connected.
    pub connected_at: OffsetDateTime,
    /// Its own pause between two sends.
    pub min_interval_ms: Option<i32>,
    /// When Waapify last posted something about it, if that is among its location's last thousand events.
    pub last_event: Option<OffsetDateTime>,
}

/// Numbers behind `after` (location and number): of one location, or of all, all or only those on hold.
pub async fn list_numbers(
    pool: &PgPool,
    location: Option<&LocationId>,
    after: (&str, &str),
    held: bool,
    limit: i64,
) -> sqlx::Result<Vec<NumberRow>> {
    sqlx::query_as(
        "select n.location_id, n.number, n.is_default, n.webhook_secret is not null as is_connected,
            reason_of(n.hold_code, n.hold_args) as hold_reason,
            n.next_send_at, n.connected_at, n.min_interval_ms,
            (select max(e.received_at) from (select e.number, e.received_at from waapify_events e
                where e.location_id = n.location_id order by e.id desc limit 1000) e
             where e.number = n.number) as last_event
         from numbers n
         where (n.location_id, n.number) > ($1, $2) and ($3::text is null or n.location_id = $3)
           and (not $4 or n.hold_code is not null and n.webhook_secret is not null)
         order by n.location_id, n.number limit $5",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(location)
    .bind(held)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// What waits of one location.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Backlog {
    /// Messages to WhatsApp, at most [`crate::db::views::queue_counts::MAX_COUNT`]; so are the others.
    pub outbound: i64,
    /// Messages to WhatsApp whose outcome nobody knows yet.
    pub unconfirmed: i64,
    /// Messages to GHL.
    pub inbound: i64,
    /// Messages whose sender or content is not known yet.
    pub held: i64,
    /// Statuses that GHL has to be told.
    pub statuses: i64,
}

/// How much waits of a location.
pub async fn find_backlog(pool: &PgPool, location: &LocationId) -> sqlx::Result<Backlog> {
    sqlx::query_as(
        "select
            (select count(*) from (select 1 from outbound where location_id = $1 and state = 'accepted'
                order by location_id, priority desc, id limit $2) w) as outbound,
            (select count(*) from (select 1 from outbound where location_id = $1 and state in ('sending', 'unconfirmed')
                order by location_id, conversation, id limit $2) w) as unconfirmed,
            (select count(*) from (select 1 from inbound where location_id = $1 and state = 'accepted'
                order by location_id, conversation, sent_at, id limit $2) w) as inbound,
            (select count(*) from (select 1 from inbound where location_id = $1 and state = 'held'
                order by location_id, conversation limit $2) w) as held,
            (select count(*) from (select 1 from status_updates where location_id = $1
                order by location_id, message_id limit $2) w) as statuses",
    )
    .bind(location)
    .bind(crate::db::views::queue_counts::MAX_COUNT)
    .fetch_one(pool)
    .await
}

/// Messages of a location before `before`, newest first; of what came from WhatsApp not what is ignored of our own. That
/// is looked for among the newest [`WINDOW`] rows: each send leaves an ignored one, and stands here itself.
pub async fn list_messages(
    pool: &PgPool,
    location: &LocationId,
    before: MessageId,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    sqlx::query_as(concat!(
        "(",
        outbound!(),
        "where location_id = $1 and id < $2 order by id desc limit $3) union all (",
        inbound!(),
        "where location_id = $1 and id < $2 and (not from_me or state <> 'ignored')
            and id >= coalesce((select id from inbound where location_id = $1 and id < $2
                order by id desc offset $4 limit 1), 0)
         order by id desc limit $3)
         order by id desc limit $3"
    ))
    .bind(location)
    .bind(before)
    .bind(limit)
    .bind(WINDOW)
    .fetch_all(pool)
    .await
}

/// A message that failed.
#[derive(Clone, Debug, FromRow)]
pub struct FailureRow {
    /// The message.
    #[sqlx(flatten)]
    pub message: MessageRow,
    /// Why it failed, as its last step says.
    pub why: Option<Reason>,
}

/// What failed before `before`, newest first; `$here` is a condition on its location.
macro_rules! failures {
    ($here:literal) => {
        concat!(
            "select f.*, coalesce((select reason_of(s.cause_code, s.cause_args) from timeline s where s.location_id = f.location_id
                and s.message_id = f.id and s.state = 'failed' order by s.at desc, s.step desc limit 1), f.reason)
                as why
             from ((",
            outbound!(),
            "where state = 'failed' and id < $1 ",
            $here,
            "order by id desc limit $2) union all (",
            inbound!(),
            "where state = 'failed' and id < $1 ",
            $here,
            "order by id desc limit $2) order by id desc limit $2) f order by f.id desc"
        )
    };
}

/// What failed before `before`, newest first: of all locations, or of one.
pub async fn list_failures(
    pool: &PgPool,
    location: Option<&LocationId>,
    before: MessageId,
    limit: i64,
) -> sqlx::Result<Vec<FailureRow>> {
    match location {
        None => {
            sqlx::query_as(failures!(""))
                .bind(before)
                .bind(limit)
                .fetch_all(pool)
                .await
        }
        Some(location) => {
            sqlx::query_as(failures!("and location_id = $3 "))
                .bind(before)
                .bind(limit)
                .bind(location)
                .fetch_all(pool)
                .await
        }
    }
}

/// The customer's number of a message, digits, for whoever opens it; none of a group, and while it is not known.
pub async fn find_phone(pool: &PgPool, message: &MessageRow) -> sqlx::Result<Option<String>> {
    let sql = match message.direction {
        Direction::Outbound => "select chat from outbound where location_id = $1 and id = $2",
        Direction::Inbound => "select phone from inbound where location_id = $1 and id = $2",
    };
    let found: Option<Option<String>> = sqlx::query_scalar(sql)
        .bind(&message.location_id)
        .bind(message.id)
        .fetch_optional(pool)
        .await?;
    Ok(found.flatten())
}
