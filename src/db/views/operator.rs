//! Locations, numbers and messages, page by page, for the operator's pages.
//!
//! A page is read without the rows that are not on it: it begins after the last key of the page before (keyset). The
//! module must not read message texts, or customers' numbers except that of the one message that is opened.

use time::OffsetDateTime;

use crate::db::accounts::installs::InstallRow;
use crate::db::connection::Pool;
use crate::db::views::messages::MessageRow;
use crate::db::views::overview::WINDOW;
use crate::db::views::queue_counts::MAX_COUNT;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Reason;
use crate::model::states::{Direction, IncidentKind, InstallStatus, TokenProblem};

/// Digits that a search must have to be one for a number.
const MIN_DIGITS: usize = 3;

/// Which locations are listed; what is none is not asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Which<'a> {
    /// Only those that need attention.
    pub troubled: bool,
    /// Only those of this agency.
    pub company: Option<&'a str>,
    /// Only those with this install status.
    pub status: Option<InstallStatus>,
    /// Only those with an open incident of this kind.
    pub incident: Option<IncidentKind>,
    /// Only those with this problem of their token.
    pub token: Option<TokenProblem>,
    /// Only those with this in their id or name, their agency's, or the id of a number's instance; or, where it has no letter,
    /// with its digits in a number. Capital letters and spaces more or less make no difference.
    pub search: Option<&'a str>,
    /// What `search` means as a whole number (E.164 digits), such as a national one.
    pub numbers: &'a [String],
}

/// Locations after `after`, in the order of their ids.
pub async fn list_locations(
    pool: &Pool,
    after: &str,
    which: Which<'_>,
    limit: i64,
) -> sqlx::Result<Vec<InstallRow>> {
    let digits = which.search.and_then(digits_of);
    let search = which.search.map(squeezed);
    sqlx::query_as!(
        InstallRow,
        r#"
        select location_id as "location_id!", company_id, install_status as "install_status!", trouble, expires_at,
            number, hold_reason, last_out, last_in, last_ack, connected_at is not null as "is_connected!",
            has_sent as "has_sent!", has_posted as "has_posted!",
            incident_kinds as "incident_kinds!: Vec<IncidentKind>", name, company_name
        from installs l
        where location_id > $1
          and (
            not $2
            -- It needs attention.
            or hold_reason is not null
            or uninstalled_at is null and (
                token_problem is not null
                or not has_token
                or number is null
                or incident_kinds <> '{}'
            )
          )
          and (
            $4::text is null
            or strpos(lower(location_id), lower($4)) > 0
            or strpos(lower(company_id), lower($4)) > 0
            or not exists (
                select 1
                from regexp_split_to_table(lower($4), '\s+') word
                where strpos(coalesce(lower(name), ''), word) = 0
            )
            or not exists (
                select 1
                from regexp_split_to_table(lower($4), '\s+') word
                where strpos(coalesce(lower(company_name), ''), word) = 0
            )
            or exists (
                select 1
                from numbers n
                where n.location_id = l.location_id
                    and (
                        strpos(n.number, $5) > 0
                        or n.number = any($10)
                        or strpos(lower(n.instance_id), lower($4)) > 0
                    )
            )
          )
          and ($6::text is null or company_id = $6)
          and ($7::text is null or install_status = $7)
          and ($8::text is null or $8 = any(incident_kinds))
          and ($9::text is null or token_problem = $9)
        order by location_id
        limit $3
        "#,
        after,
        which.troubled,
        limit,
        search,
        digits,
        which.company,
        which.status as Option<InstallStatus>,
        which.incident as Option<IncidentKind>,
        which.token as Option<TokenProblem>,
        which.numbers,
    )
    .fetch_all(pool)
    .await
}

/// The digits of a text that may be a part of a number: those of a name or an id are none, and an empty text is part of every
/// number.
pub(super) fn digits_of(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let may_be = !text.contains(char::is_alphabetic) && digits.len() >= MIN_DIGITS;
    may_be.then_some(digits)
}

/// With one space between words.
pub(super) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One location.
pub async fn find_location(pool: &Pool, location: &LocationId) -> sqlx::Result<Option<InstallRow>> {
    sqlx::query_as!(
        InstallRow,
        r#"
        select location_id as "location_id!", company_id, install_status as "install_status!", trouble, expires_at,
            number, hold_reason, last_out, last_in, last_ack, connected_at is not null as "is_connected!",
            has_sent as "has_sent!", has_posted as "has_posted!",
            incident_kinds as "incident_kinds!: Vec<IncidentKind>", name, company_name
        from installs
        where location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await
}

/// A number of a business on a page.
#[derive(Clone, Debug)]
pub struct NumberRow {
    /// Its location.
    pub location_id: LocationId,
    /// What GHL calls that location.
    pub location_name: Option<String>,
    /// E.164 digits.
    pub number: String,
    /// Its location sends from it.
    pub is_default: bool,
    /// Waapify posts its events to us, which an uninstall ends.
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

/// Which numbers are listed; what is none is not asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct WhichNumbers<'a> {
    /// Only those of this location.
    pub location: Option<&'a LocationId>,
    /// Only those of this agency's locations.
    pub company: Option<&'a str>,
    /// Only connected ones.
    pub connected: bool,
    /// Only connected ones that are on hold.
    pub held: bool,
    /// Only connected ones that are on hold for this reason.
    pub hold: Option<&'a str>,
    /// Only those that send nothing because everything fails with this reason.
    pub circuit: Option<&'a str>,
}

/// Numbers after `after` (location and number).
pub async fn list_numbers(
    pool: &Pool,
    which: WhichNumbers<'_>,
    after: (&str, &str),
    limit: i64,
) -> sqlx::Result<Vec<NumberRow>> {
    sqlx::query_as!(
        NumberRow,
        r#"
        select n.location_id, n.number, n.is_default, n.webhook_secret is not null as "is_connected!",
            coalesce(reason_of(n.hold_code, n.hold_args), circuit_reason(n.location_id, n.number))
                as "hold_reason: Reason",
            n.next_send_at, n.connected_at, n.min_interval_ms,
            (select name from account_names where owner_id = n.location_id) as location_name,
            -- Among the last events of its location only: the number's own may lie far back.
            (
                select max(e.received_at)
                from (
                    select e.number, e.received_at
                    from waapify_events e
                    where e.location_id = n.location_id
                    order by e.id desc
                    limit 1000
                ) e
                where e.number = n.number
            ) as last_event
        from numbers n
        where (n.location_id, n.number) > ($1, $2)
            and ($3::text is null or n.location_id = $3)
            and (not $4 or n.hold_code is not null and n.webhook_secret is not null)
            and (not $6 or n.webhook_secret is not null)
            and ($7::text is null or n.hold_code = $7 and n.webhook_secret is not null)
            and ($8::text is null or n.location_id in (select location_id from locations where company_id = $8))
            and (
                $9::text is null
                or exists (
                    select 1
                    from circuits c
                    where c.location_id = n.location_id and c.target = n.number
                        and c.probe_at is not null and c.reason_code = $9
                )
            )
        order by n.location_id, n.number
        limit $5
        "#,
        after.0,
        after.1,
        which.location.map(LocationId::as_str),
        which.held,
        limit,
        which.connected,
        which.hold,
        which.company,
        which.circuit,
    )
    .fetch_all(pool)
    .await
}

/// The waiting messages of one location. Each count is [`MAX_COUNT`] at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Messages to WhatsApp that are not sent yet.
    pub outbound: i64,
    /// Messages to WhatsApp that are being sent, or have an unknown outcome.
    pub unconfirmed: i64,
    /// Messages to GHL.
    pub inbound: i64,
    /// Messages with a sender or a content that is not known yet.
    pub held: i64,
    /// Status updates for GHL.
    pub statuses: i64,
}

/// The backlog of a location.
pub async fn find_backlog(pool: &Pool, location: &LocationId) -> sqlx::Result<Backlog> {
    sqlx::query_as!(
        Backlog,
        r#"
        -- Each is ordered as its index is, so that no plan reads the table instead.
        select
            (
                select count(*)
                from (
                    select 1
                    from outbound
                    where location_id = $1 and state = 'accepted'
                    order by location_id, route, is_cold, priority desc, id
                    limit $2
                ) w
            ) as "outbound!",
            (
                select count(*)
                from (
                    select 1
                    from outbound
                    where location_id = $1 and state in ('sending', 'unconfirmed')
                    order by location_id, conversation, id
                    limit $2
                ) w
            ) as "unconfirmed!",
            (
                select count(*)
                from (
                    select 1
                    from inbound
                    where location_id = $1 and state = 'accepted'
                    order by location_id, conversation, sent_at, id
                    limit $2
                ) w
            ) as "inbound!",
            (
                select count(*)
                from (
                    select 1
                    from inbound
                    where location_id = $1 and state = 'held'
                    order by location_id, conversation
                    limit $2
                ) w
            ) as "held!",
            (
                select count(*)
                from (
                    select 1
                    from status_updates
                    where location_id = $1
                    order by location_id, message_id
                    limit $2
                ) w
            ) as "statuses!"
        "#,
        location.as_str(),
        MAX_COUNT,
    )
    .fetch_one(pool)
    .await
}

/// Messages of a location before `before`, newest first, without ignored messages that the business wrote. Messages
/// from WhatsApp are searched only in their newest [`WINDOW`] rows before `before`, because each send adds an ignored
/// one.
pub async fn list_messages(
    pool: &Pool,
    location: &LocationId,
    before: MessageId,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    sqlx::query_as!(
        MessageRow,
        r#"
        select direction as "direction!", location_id as "location_id!", id as "id!", state as "state!", reason, number,
            chat_end, ghl_message_id, parts_sent, parts, accepted_at as "accepted_at!"
        from messages
        where location_id = $1
            and id < $2
            and not is_echo
            -- Messages from WhatsApp are searched no further back than this.
            and (
                direction = 'outbound'
                or id >= coalesce((
                    select id
                    from inbound
                    where location_id = $1 and id < $2
                    order by id desc
                    offset $4
                    limit 1
                ), 0)
            )
        order by id desc
        limit $3
        "#,
        location.as_str(),
        before.0,
        limit,
        WINDOW,
    )
    .fetch_all(pool)
    .await
}

/// The customer's number of a message, digits; none for a group, and while it is not known.
pub async fn find_phone(pool: &Pool, message: &MessageRow) -> sqlx::Result<Option<String>> {
    let (location, id) = (message.location_id.as_str(), message.id.0);
    let found = match message.direction {
        Direction::Outbound => {
            sqlx::query_scalar!(
                "select chat from outbound where location_id = $1 and id = $2",
                location,
                id,
            )
            .fetch_optional(pool)
            .await?
        }
        Direction::Inbound => {
            sqlx::query_scalar!(
                "select phone from inbound where location_id = $1 and id = $2",
                location,
                id,
            )
            .fetch_optional(pool)
            .await?
        }
    };
    Ok(found.flatten())
}
