//! Where the app is installed: from GHL's first message about a location to its uninstall.
//!
//! Two views of the schema give a location's status: `install_statuses`, and `installs` with its number and its last
//! messages.

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::progress::Progress;
use crate::model::reason::Reason;
use crate::model::states::{IncidentKind, InstallStatus};

/// A location's install status.
pub async fn find_install_status(
    pool: &Pool,
    location: &LocationId,
) -> sqlx::Result<InstallStatus> {
    let found = sqlx::query_scalar!(
        r#"
        select install_status as "install_status!"
        from install_statuses
        where location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.unwrap_or(InstallStatus::Unknown))
}

/// A location as the operator sees it.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are facts, each of its own"
)]
pub struct InstallRow {
    /// The location.
    pub location_id: LocationId,
    /// Its agency, where known.
    pub company_id: Option<CompanyId>,
    /// Its install status.
    pub install_status: InstallStatus,
    /// What is wrong with its token.
    pub trouble: Option<Reason>,
    /// When its access token expires; it is renewed before.
    pub expires_at: Option<OffsetDateTime>,
    /// The number it sends from, digits.
    pub number: Option<String>,
    /// Why that number is on hold.
    pub hold_reason: Option<Reason>,
    /// When GHL delivered the last message of the business.
    pub last_out: Option<OffsetDateTime>,
    /// When the last message of a customer arrived.
    pub last_in: Option<OffsetDateTime>,
    /// When WhatsApp last confirmed one of the last twenty messages.
    pub last_ack: Option<OffsetDateTime>,
    /// A number is connected.
    pub is_connected: bool,
    /// A message of the business has left.
    pub has_sent: bool,
    /// GHL has got a message of a customer.
    pub has_posted: bool,
    /// What the monitor noticed and lasts, the oldest first.
    pub incident_kinds: Vec<IncidentKind>,
    /// What GHL calls it.
    pub name: Option<String>,
    /// What GHL calls its agency.
    pub company_name: Option<String>,
}

impl InstallRow {
    /// How far the set-up is proven.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        Progress::of(self.is_connected, self.has_sent, self.has_posted)
    }
}

/// Every location we know.
pub async fn list_installs(pool: &Pool) -> sqlx::Result<Vec<InstallRow>> {
    sqlx::query_as!(
        InstallRow,
        r#"
        select location_id as "location_id!", company_id, install_status as "install_status!", trouble, expires_at,
            number, hold_reason, last_out, last_in, last_ack, connected_at is not null as "is_connected!",
            has_sent as "has_sent!", has_posted as "has_posted!",
            incident_kinds as "incident_kinds!: Vec<IncidentKind>", name, company_name
        from installs
        order by location_id
        "#,
    )
    .fetch_all(pool)
    .await
}

/// Notes that a location has the app and a token of its own grant, which a browser brought at `asked_at`. What waited for the token is due now. One that comes
/// back is being set up for some minutes, like a new one, before the monitor looks at it.
pub async fn record_install(
    tx: &mut Connection,
    location: &LocationId,
    company: Option<&CompanyId>,
    asked_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into locations as l (location_id, company_id, installed_at, installed_alone, said_installed_at)
        values ($1, $2, $3, true, $4)
        on conflict (location_id) do update set
            company_id = coalesce(excluded.company_id, l.company_id),
            check_at = case
                when l.uninstalled_at is null then l.check_at
                else greatest(l.check_at, $3 + interval '5 minutes')
            end,
            installed_at = excluded.installed_at,
            uninstalled_at = null,
            said_installed_at = greatest(excluded.said_installed_at, l.said_installed_at),
            installed_alone = true,
            -- Nobody asks its company for a token any more.
            token_request_at = null,
            token_request_failures = 0,
            token_request_refusal_code = null,
            token_request_refusal_args = null
        "#,
        location.as_str(),
        company.map(CompanyId::as_str),
        now,
        asked_at,
    )
    .execute(&mut *tx)
    .await?;
    release_waiting(tx, location, now).await
}

/// Records that a location has the app and a token from its company. False when the token is not requested any more:
/// the location was uninstalled meanwhile, or brought its own.
pub async fn record_requested_token(
    tx: &mut Connection,
    location: &LocationId,
    company: &CompanyId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        r#"
        update locations
        set company_id = $2,
            installed_at = $3,
            token_request_at = null,
            token_request_failures = 0,
            token_request_refusal_code = null,
            token_request_refusal_args = null
        where location_id = $1 and token_request_at is not null and uninstalled_at is null
        "#,
        location.as_str(),
        company.as_str(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(false);
    }
    release_waiting(tx, location, now).await?;
    Ok(true)
}

/// Makes due what waits for the location's token, but nothing that a worker has claimed.
async fn release_waiting(
    tx: &mut Connection,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound
        set due_at = $2, is_waiting = false, reason_code = null, reason_args = null
        where location_id = $1 and state = 'accepted' and is_waiting
        "#,
        location.as_str(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        update outbound
        set due_at = $2, is_waiting = false, reason_code = null, reason_args = null
        where location_id = $1 and state = 'accepted' and is_waiting
        "#,
        location.as_str(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        update status_updates
        set due_at = $2
        where location_id = $1 and due_at > $2 and waits > 0
        "#,
        location.as_str(),
        now,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Schedules the request for a location's token for `token_request_at`, because GHL says (at `said_at`, by its own
/// clock) that the app is installed. A location that has a working token keeps it ([`keeps_token`]).
pub async fn expect_install(
    tx: &mut Connection,
    location: &LocationId,
    company: Option<&CompanyId>,
    said_at: Option<OffsetDateTime>,
    token_request_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into locations as l (location_id, company_id, said_installed_at, token_request_at)
        values ($1, $2, $3, $4)
        on conflict (location_id) do update set
            -- The agency of the newest install: the location may have moved there.
            company_id = case
                when excluded.said_installed_at < l.said_installed_at
                    then coalesce(l.company_id, excluded.company_id)
                else coalesce(excluded.company_id, l.company_id)
            end,
            -- GHL ends the location's own install when it moves.
            installed_alone = l.installed_alone and (
                excluded.company_id is null
                or l.company_id is null
                or excluded.company_id = l.company_id
                or excluded.said_installed_at < l.said_installed_at
            ),
            check_at = case
                when l.uninstalled_at is null then l.check_at
                else greatest(l.check_at, $4 + interval '5 minutes')
            end,
            uninstalled_at = null,
            said_installed_at = greatest(excluded.said_installed_at, l.said_installed_at),
            token_request_at = excluded.token_request_at,
            named_by_delivery = false,
            token_request_failures = 0,
            token_request_refusal_code = null,
            token_request_refusal_args = null
        "#,
        location.as_str(),
        company.map(CompanyId::as_str),
        said_at,
        token_request_at,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Cancels the request for a location's token if the location has a working one of its agency already; false if it has
/// none.
pub async fn keeps_token(pool: &Pool, location: &LocationId) -> sqlx::Result<bool> {
    let kept = sqlx::query!(
        r#"
        update locations l
        set token_request_at = null,
            token_request_failures = 0,
            token_request_refusal_code = null,
            token_request_refusal_args = null
        where l.location_id = $1
          and exists (
            select 1
            from tokens t
            where t.owner_id = l.location_id
              and t.owner_kind = 'location'
              and t.trouble is distinct from 'needs_reinstall'
              -- One that another agency gave ended when the location moved.
              and (t.company_id = l.company_id or t.company_id is null or l.company_id is null)
          )
        "#,
        location.as_str(),
    )
    .execute(pool)
    .await?;
    Ok(kept.rows_affected() == 1)
}
