//! Where the app is installed: from the first word of GHL's about a location to its uninstall.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::Reason;

/// How a location stands with GHL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum InstallStatus {
    /// Nothing was heard of it.
    Unknown,
    /// Its company is being asked for its token.
    Pending,
    /// No company gave a token.
    NotInstalled,
    /// It has a token.
    Installed,
    /// It has a token that GHL does not renew while the location is not active.
    Inactive,
    /// It had a token; only a new install brings another.
    NeedsReinstall,
    /// It was uninstalled.
    Uninstalled,
}

impl InstallStatus {
    /// The state's name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "connected, not installed",
            Self::Pending => "waits for GHL",
            Self::NotInstalled => "not installed",
            Self::Installed => "installed",
            Self::Inactive => "not active in GHL",
            Self::NeedsReinstall => "needs reinstall",
            Self::Uninstalled => "uninstalled",
        }
    }
}

/// The standing of a row `l` of `locations` that is joined with its row `t` of `tokens`.
macro_rules! install_status {
    () => {
        "case when l.uninstalled_at is not null then 'uninstalled'
              when t.trouble = 'needs_reinstall' then 'needs_reinstall'
              when t.trouble = 'inactive' then 'inactive'
              when t.owner_id is not null then 'installed'
              when l.token_request_refusal_code is not null then 'not_installed'
              when l.token_request_at is not null then 'pending'
              else 'unknown' end"
    };
}
pub(in crate::db) use install_status;

/// How a location stands.
///
/// # Errors
/// When the database fails.
pub async fn find_install_status(
    pool: &PgPool,
    location: &LocationId,
) -> sqlx::Result<InstallStatus> {
    let found = sqlx::query_scalar(concat!(
        "select ",
        install_status!(),
        " from locations l
         left join tokens t on t.owner_id = l.location_id and t.owner_kind = 'location'
         where l.location_id = $1"
    ))
    .bind(location)
    .fetch_optional(pool)
    .await?;
    Ok(found.unwrap_or(InstallStatus::Unknown))
}

/// A location as the operator sees it.
#[derive(Clone, Debug, FromRow)]
pub struct InstallRow {
    /// The location.
    pub location_id: LocationId,
    /// Its agency, where known.
    pub company_id: Option<CompanyId>,
    /// How it stands.
    pub install_status: InstallStatus,
    /// What is wrong with its token.
    pub trouble: Option<Reason>,
    /// When its access token ends; it is renewed before.
    pub expires_at: Option<OffsetDateTime>,
    /// The number it sends from, digits.
    pub number: Option<String>,
    /// Why that number is on hold.
    pub hold_reason: Option<Reason>,
    /// When GHL delivered the last message of the business.
    pub last_out: Option<OffsetDateTime>,
    /// When the last message of a customer came.
    pub last_in: Option<OffsetDateTime>,
    /// When WhatsApp last confirmed one of the last twenty messages.
    pub last_ack: Option<OffsetDateTime>,
}

/// The columns of an [`InstallRow`]. Only the last rows of a location are looked at, so that none takes long.
macro_rules! installs {
    () => {
        concat!(
            "select l.location_id, l.company_id, ",
            $crate::db::accounts::installs::install_status!(),
            " as install_status, coalesce(reason_of(t.trouble_code, t.trouble_args),
                    reason_of(l.token_request_refusal_code, l.token_request_refusal_args)) as trouble,
                t.expires_at, n.number, reason_of(n.hold_code, n.hold_args) as hold_reason,
                (select o.accepted_at from outbound o where o.location_id = l.location_id order by o.id desc limit 1)
                    as last_out,
                (select i.accepted_at from (select accepted_at, from_me from inbound i
                    where i.location_id = l.location_id order by i.id desc limit 200) i
                 where not i.from_me limit 1) as last_in,
                (select max(s.at) from (select o.id from outbound o where o.location_id = l.location_id
                    order by o.id desc limit 20) o
                 join timeline s on s.location_id = l.location_id and s.message_id = o.id
                 where s.state in ('delivered', 'read')) as last_ack
             from locations l
             left join tokens t on t.owner_id = l.location_id and t.owner_kind = 'location'
             left join numbers n on n.location_id = l.location_id and n.is_default "
        )
    };
}
pub(in crate::db) use installs;

/// Every location we know.
///
/// # Errors
/// When the database fails.
pub async fn list_installs(pool: &PgPool) -> sqlx::Result<Vec<InstallRow>> {
    sqlx::query_as(concat!(installs!(), "order by l.location_id"))
        .fetch_all(pool)
        .await
}

/// Notes that a location has the app and a token of its own grant. What waited for the token is due now. One that comes
/// back is being set up for some minutes, like a new one, before the watch looks at it.
///
/// # Errors
/// When the database fails.
pub async fn record_install(
    tx: &mut PgConnection,
    location: &LocationId,
    company: Option<&CompanyId>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into locations (location_id, company_id, installed_at, installed_alone) values ($1, $2, $3, true)
         on conflict (location_id) do update set
            company_id = coalesce(excluded.company_id, locations.company_id),
            check_at = case when locations.uninstalled_at is null then locations.check_at
                else greatest(locations.check_at, $3 + interval '5 minutes') end,
            installed_at = excluded.installed_at, uninstalled_at = null, installed_alone = true,
            token_request_at = null, token_request_failures = 0, token_request_refusal_code = null, token_request_refusal_args = null",
    )
    .bind(location)
    .bind(company)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    release_waiting(tx, location, now).await
}

/// Notes that a location has the app and a token from its company. False when nobody asks for one any more: it was
/// uninstalled meanwhile, or brought its own.
///
/// # Errors
/// When the database fails.
pub async fn record_requested_token(
    tx: &mut PgConnection,
    location: &LocationId,
    company: &CompanyId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let noted = sqlx::query(
        "update locations set company_id = $2, installed_at = $3, token_request_at = null, token_request_failures = 0,
            token_request_refusal_code = null, token_request_refusal_args = null
         where location_id = $1 and token_request_at is not null and uninstalled_at is null",
    )
    .bind(location)
    .bind(company)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(false);
    }
    release_waiting(tx, location, now).await?;
    Ok(true)
}

/// Calls in what waits for the location's token, but nothing that a worker has in hand.
async fn release_waiting(
    tx: &mut PgConnection,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    for waiting in [
        "update inbound set due_at = $2, is_waiting = false, reason_code = null, reason_args = null
         where location_id = $1 and state = 'accepted' and is_waiting",
        "update outbound set due_at = $2, is_waiting = false, reason_code = null, reason_args = null
         where location_id = $1 and state = 'accepted' and is_waiting",
        "update status_updates set due_at = $2 where location_id = $1 and due_at > $2 and waits > 0",
    ] {
        sqlx::query(waiting)
            .bind(location)
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Has a location's token asked of its company at `mint_at`, because GHL says (`said_at`, by its own clock) that the
/// app is there. One that has a working token will keep it ([`keeps_token`]).
///
/// # Errors
/// When the database fails.
pub async fn expect_install(
    tx: &mut PgConnection,
    location: &LocationId,
    company: Option<&CompanyId>,
    said_at: Option<OffsetDateTime>,
    token_request_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into locations as l (location_id, company_id, said_installed_at, token_request_at) values ($1, $2, $3, $4)
         on conflict (location_id) do update set
            company_id = coalesce(excluded.company_id, l.company_id),
            check_at = case when l.uninstalled_at is null then l.check_at
                else greatest(l.check_at, $4 + interval '5 minutes') end,
            uninstalled_at = null,
            said_installed_at = greatest(excluded.said_installed_at, l.said_installed_at),
            token_request_at = excluded.token_request_at, token_request_failures = 0, token_request_refusal_code = null, token_request_refusal_args = null",
    )
    .bind(location)
    .bind(company)
    .bind(said_at)
    .bind(token_request_at)
    .execute(tx)
    .await
    .map(|_| ())
}

/// Whether a location has a working token already; nobody asks for another then.
///
/// # Errors
/// When the database fails.
pub async fn keeps_token(pool: &PgPool, location: &LocationId) -> sqlx::Result<bool> {
    let kept = sqlx::query(
        "update locations l set token_request_at = null, token_request_failures = 0, token_request_refusal_code = null, token_request_refusal_args = null
         where l.location_id = $1 and exists (select 1 from tokens t where t.owner_id = l.location_id
            and t.owner_kind = 'location' and t.trouble is distinct from 'needs_reinstall')",
    )
    .bind(location)
    .execute(pool)
    .await?;
    Ok(kept.rows_affected() == 1)
}
