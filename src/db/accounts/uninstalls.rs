//! Uninstalls: tokens and keys are destroyed, waiting messages end, the history stays.

use time::{Duration, OffsetDateTime};

use crate::db::accounts::gateway_tokens;
use crate::db::connection::{Connection, Pool};
use crate::db::inbound::{late, media};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::{Hold, Reason, Wait};

/// Uninstalls a location: its tokens and webhook secrets are gone, its numbers send no more and wait for Waapify to be
/// told, every message that waits is `failed(uninstalled)`. False for a location we do not know, for one in which
/// the app was installed later than `said_at`: GHL said so (by its own clock), or a browser brought the install; and for
/// one that has moved from the agency `company` to another, whose install stays.
pub async fn uninstall_location(
    tx: &mut Connection,
    location: &LocationId,
    company: Option<&CompanyId>,
    said_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let known = sqlx::query!(
        r#"
        update locations
        set uninstalled_at = $2,
            installed_alone = false,
            token_request_at = null,
            token_request_failures = 0,
            token_request_refusal_code = null,
            token_request_refusal_args = null,
            provider_at = null
        where location_id = $1
          and ($3::timestamptz is null or said_installed_at is null or said_installed_at <= $3)
          and ($4::text is null or company_id is null or company_id = $4)
        "#,
        location.as_str(),
        now,
        said_at,
        company.map(CompanyId::as_str),
    )
    .execute(&mut *tx)
    .await?;
    if known.rows_affected() == 0 {
        return Ok(false);
    }
    destroy_keys(tx, location).await?;
    hold_numbers(tx, location, now).await?;
    sqlx::query!(
        r#"
        update incidents
        set resolved_at = $2
        where location_id = $1 and resolved_at is null
        "#,
        location.as_str(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    end_messages(tx, location, now).await?;
    Ok(true)
}

/// Destroys what gives us, or a person with a link, access to the location, and the status updates for GHL.
async fn destroy_keys(tx: &mut Connection, location: &LocationId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        delete from tokens
        where owner_id = $1 and owner_kind = 'location'
        "#,
        location.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        delete from connect_links
        where location_id = $1
        "#,
        location.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        delete from pending_connections
        where location_id = $1
        "#,
        location.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        delete from earlier_webhook_secrets
        where location_id = $1
        "#,
        location.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        delete from status_updates
        where location_id = $1
        "#,
        location.as_str(),
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Stops sending from the location's numbers. Each keeps its access token until it is disconnected from Waapify.
async fn hold_numbers(
    tx: &mut Connection,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set is_default = false,
            webhook_secret = null,
            webhook_secret_hash = null,
            hold_code = $3::jsonb->>'code',
            hold_args = $3::jsonb->'args',
            disconnect_at = $2,
            disconnect_failures = 0
        where location_id = $1 and access_token is not null
        "#,
        location.as_str(),
        now,
        Reason::from(Hold::NumberUninstalled) as Reason,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Ends waiting messages. A message that is being sent ends by itself: its worker finds no number and no token any
/// more.
async fn end_messages(
    tx: &mut Connection,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with ended as (
            update outbound
            set state = 'failed', reason_code = $2::jsonb->>'code', reason_args = $2::jsonb->'args'
            where location_id = $1 and state in ('accepted', 'unconfirmed')
            returning location_id, id
        )
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        select location_id, id, $3, 'failed', $4::jsonb->>'code', $4::jsonb->'args'
        from ended
        "#,
        location.as_str(),
        Reason::from(Wait::EndedByUninstall) as Reason,
        now,
        Reason::from(Hold::NumberUninstalled) as Reason,
    )
    .execute(&mut *tx)
    .await?;
    late::forget_all(tx, location, now).await?;
    sqlx::query!(
        r#"
        with ended as (
            update inbound
            set state = 'failed', reason_code = $2::jsonb->>'code', reason_args = $2::jsonb->'args'
            where location_id = $1 and state in ('accepted', 'held')
            returning location_id, id
        )
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        select location_id, id, $3, 'failed', $4::jsonb->>'code', $4::jsonb->'args'
        from ended
        "#,
        location.as_str(),
        Reason::from(Wait::EndedByUninstall) as Reason,
        now,
        Reason::from(Hold::NumberUninstalled) as Reason,
    )
    .execute(&mut *tx)
    .await?;
    media::end_links(tx, location).await?;
    sqlx::query!(
        r#"
        update waapify_events
        set state = 'failed', reason_code = $2::jsonb->>'code', reason_args = $2::jsonb->'args'
        where location_id = $1 and state = 'accepted'
        "#,
        location.as_str(),
        Reason::from(Wait::EndedByUninstall) as Reason,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Destroys a company's tokens, of GHL and of Waapify; gives the locations that go with it, which are those that were not installed by
/// themselves. None, and nothing happens, if the company was installed later than `said_at`.
pub async fn uninstall_company(
    tx: &mut Connection,
    company: &CompanyId,
    said_at: Option<OffsetDateTime>,
) -> sqlx::Result<Option<Vec<LocationId>>> {
    if is_installed_since(tx, company, said_at).await? {
        return Ok(None);
    }
    sqlx::query!(
        r#"
        delete from tokens
        where owner_id = $1 and owner_kind = 'company'
        "#,
        company.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        delete from companies
        where company_id = $1
        "#,
        company.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    gateway_tokens::remove(tx, company).await?;
    sqlx::query_scalar!(
        r#"
        select location_id
        from locations
        where company_id = $1 and not installed_alone and uninstalled_at is null
        order by location_id
        "#,
        company.as_str(),
    )
    .fetch_all(tx)
    .await
    .map(Some)
}

/// Whether the company was installed later than `said_at`, where GHL said when.
async fn is_installed_since(
    tx: &mut Connection,
    company: &CompanyId,
    said_at: Option<OffsetDateTime>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from companies
            where company_id = $1 and installed_at > $2
        ) as "is_installed_since!"
        "#,
        company.as_str(),
        said_at,
    )
    .fetch_one(tx)
    .await
}

/// A number for which Waapify is to stop posting events.
#[derive(Clone, Debug)]
pub struct DisconnectJob {
    /// The location of the number.
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
pub async fn claim_disconnects(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<DisconnectJob>> {
    sqlx::query_as!(
        DisconnectJob,
        r#"
        update numbers n
        set disconnect_at = $2
        where (n.location_id, n.number) in (
            select location_id, number
            from numbers
            where disconnect_at <= $1
            order by disconnect_at
            limit $3
            for update skip locked
        )
        -- The token is there until the disconnect ends.
        returning n.location_id, n.number, n.instance_id, n.access_token as "access_token!", n.disconnect_failures
        "#,
        now,
        now + lease,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Ends a disconnect and destroys the number's last secret. A number that was connected again meanwhile is not changed.
pub async fn finish_disconnect(pool: &Pool, job: &DisconnectJob) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set access_token = null, disconnect_at = null
        where location_id = $1 and number = $2 and disconnect_at is not null
        "#,
        job.location_id.as_str(),
        job.number,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Postpones a disconnect until `at`.
pub async fn retry_disconnect(
    pool: &Pool,
    job: &DisconnectJob,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update numbers
        set disconnect_at = $3, disconnect_failures = disconnect_failures + 1
        where location_id = $1 and number = $2 and disconnect_at is not null
        "#,
        job.location_id.as_str(),
        job.number,
        at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
