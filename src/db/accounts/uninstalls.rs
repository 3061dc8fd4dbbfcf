//! What an uninstall destroys, ends and keeps: tokens and keys go, waiting messages end, the history stays.

use sqlx::{FromRow, PgConnection, PgPool};
use time::{Duration, OffsetDateTime};

use crate::db::inbound::media;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::{Hold, Reason, Wait};

/// Uninstalls a location: its tokens and webhook secrets are gone, its numbers send no more and wait for Waapify to be
/// told, every message that waits is `failed(uninstalled)`. False for a location we do not know, and for one of which
/// GHL said later than `said_at` (by its own clock) that the app was installed.
///
/// # Errors
/// When the database fails.
pub async fn uninstall_location(
    tx: &mut PgConnection,
    location: &LocationId,
    said_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let known = sqlx::query(
        "update locations set uninstalled_at = $2, installed_alone = false, token_request_at = null, token_request_failures = 0,
            token_request_refusal_code = null, token_request_refusal_args = null, provider_at = null
         where location_id = $1 and ($3 is null or said_installed_at is null or said_installed_at <= $3)",
    )
    .bind(location)
    .bind(now)
    .bind(said_at)
    .execute(&mut *tx)
    .await?;
    if known.rows_affected() == 0 {
        return Ok(false);
    }
    for statement in [
        "delete from tokens where owner_id = $1 and owner_kind = 'location'",
        "delete from connect_links where location_id = $1",
        "delete from pending_connections where location_id = $1",
        "delete from status_updates where location_id = $1",
    ] {
        sqlx::query(statement)
            .bind(location)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query(
        "update numbers set is_default = false, webhook_secret = null, webhook_secret_hash = null,
            hold_code = $3::jsonb->>'code', hold_args = $3::jsonb->'args',
            disconnect_at = $2, disconnect_failures = 0
         where location_id = $1 and access_token is not null",
    )
    .bind(location)
    .bind(now)
    .bind(Reason::from(Hold::NumberUninstalled))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "update incidents set resolved_at = $2 where location_id = $1 and resolved_at is null",
    )
    .bind(location)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    end_messages(tx, location, now).await?;
    Ok(true)
}

async fn end_messages(
    tx: &mut PgConnection,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // What is being sent this moment ends by itself: its worker finds no number and no token any more.
    for statement in [
        "with ended as (
            update outbound set state = 'failed', reason_code = $2::jsonb->>'code', reason_args = $2::jsonb->'args'
            where location_id = $1 and state in ('accepted', 'unconfirmed') returning location_id, id
         )
         insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
         select location_id, id, $3, 'failed', $4::jsonb->>'code', $4::jsonb->'args' from ended",
        "with ended as (
            update inbound set state = 'failed', reason_code = $2::jsonb->>'code', reason_args = $2::jsonb->'args'
            where location_id = $1 and state in ('accepted', 'held') returning location_id, id
         )
         insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
         select location_id, id, $3, 'failed', $4::jsonb->>'code', $4::jsonb->'args' from ended",
    ] {
        sqlx::query(statement)
            .bind(location)
            .bind(Reason::from(Wait::EndedByUninstall))
            .bind(now)
            .bind(Reason::from(Hold::NumberUninstalled))
            .execute(&mut *tx)
            .await?;
    }
    media::end_links(tx, location).await?;
    sqlx::query(
        "update waapify_events set state = 'failed', reason_code = $2::jsonb->>'code', reason_args = $2::jsonb->'args'
         where location_id = $1 and state = 'accepted'",
    )
    .bind(location)
    .bind(Reason::from(Wait::EndedByUninstall))
    .execute(tx)
    .await
    .map(|_| ())
}

/// Destroys a company's token; gives the locations that go with it, which are those that were not installed by
/// themselves.
///
/// # Errors
/// When the database fails.
pub async fn uninstall_company(
    tx: &mut PgConnection,
    company: &CompanyId,
) -> sqlx::Result<Vec<LocationId>> {
    for statement in [
        "delete from tokens where owner_id = $1 and owner_kind = 'company'",
        "delete from companies where company_id = $1",
    ] {
        sqlx::query(statement)
            .bind(company)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query_scalar(
        "select location_id from locations
         where company_id = $1 and not installed_alone and uninstalled_at is null order by location_id",
    )
    .bind(company)
    .fetch_all(tx)
    .await
}

/// A number whose gateway is to be told to post nothing more.
#[derive(Clone, Debug, FromRow)]
pub struct DisconnectJob {
    /// Whose number it was.
    pub location_id: LocationId,
    /// E.164 digits.
    pub number: String,
    /// Waapify's instance.
    pub instance_id: String,
    /// Sealed; destroyed when the job ends.
    pub access_token: Vec<u8>,
    /// Failed tries.
    pub disconnect_failures: i32,
}

/// Claims numbers that are due to be disconnected.
///
/// # Errors
/// When the database fails.
pub async fn claim_disconnects(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<DisconnectJob>> {
    sqlx::query_as(
        "update numbers n set disconnect_at = $2
         where (n.location_id, n.number) in (
            select location_id, number from numbers where disconnect_at <= $1 order by disconnect_at limit $3
            for update skip locked)
         returning n.location_id, n.number, n.instance_id, n.access_token, n.disconnect_failures",
    )
    .bind(now)
    .bind(now + lease)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Ends a disconnect: the number's last secret is destroyed. One that was connected again meanwhile stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn finish_disconnect(pool: &PgPool, job: &DisconnectJob) -> sqlx::Result<()> {
    sqlx::query(
        "update numbers set access_token = null, disconnect_at = null
         where location_id = $1 and number = $2 and disconnect_at is not null",
    )
    .bind(&job.location_id)
    .bind(&job.number)
    .execute(pool)
    .await
    .map(|_| ())
}

/// Puts a disconnect back until `at`.
///
/// # Errors
/// When the database fails.
pub async fn retry_disconnect(
    pool: &PgPool,
    job: &DisconnectJob,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update numbers set disconnect_at = $3, disconnect_failures = disconnect_failures + 1
         where location_id = $1 and number = $2 and disconnect_at is not null",
    )
    .bind(&job.location_id)
    .bind(&job.number)
    .bind(at)
    .execute(pool)
    .await
    .map(|_| ())
}
