//! The targets that agencies set for themselves. Addresses and secrets are sealed.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::model::alert::{Channel, Medium};
use crate::model::ids::CompanyId;

/// An agency's target.
#[derive(Clone, Debug)]
pub struct Target {
    /// Sealed for [`address_place`].
    pub address: Vec<u8>,
    /// Sealed for [`secret_place`]; none for mail.
    pub secret: Option<Vec<u8>>,
    /// The body of a post; empty: our own form.
    pub template: String,
    /// The language of its texts: the tag of one of ours.
    pub language: String,
}

/// The place that a target's address is sealed for.
#[must_use]
pub fn address_place(company: &CompanyId, medium: Medium) -> String {
    format!("alert_targets/{company}/{}/address", medium.as_str())
}

/// The place that a target's secret is sealed for.
#[must_use]
pub fn secret_place(company: &CompanyId, medium: Medium) -> String {
    format!("alert_targets/{company}/{}/secret", medium.as_str())
}

/// An agency's target.
pub async fn find(
    pool: &Pool,
    company: &CompanyId,
    medium: Medium,
) -> sqlx::Result<Option<Target>> {
    sqlx::query_as!(
        Target,
        r#"
        select address, secret, template, language
        from alert_targets
        where company_id = $1 and kind = $2
        "#,
        company.as_str(),
        medium.as_str(),
    )
    .fetch_optional(pool)
    .await
}

/// How many changes of an agency's targets are allowed in which time.
#[derive(Clone, Copy, Debug)]
pub struct ChangeLimit {
    /// So many.
    pub max: i64,
    /// Within this time.
    pub within: Duration,
}

/// Sets an agency's target, which gets a test at once. What the one before was told counts for this one, too. False if the
/// agency has set its targets as often as it may for now: then nothing is changed.
pub async fn set(
    pool: &Pool,
    company: &CompanyId,
    medium: Medium,
    target: &Target,
    limit: ChangeLimit,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let mut tx = pool.begin().await?;
    if !take_change(&mut tx, company, limit, now).await? {
        return Ok(false);
    }
    sqlx::query!(
        r#"
        insert into alert_targets (company_id, kind, address, secret, template, language, set_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (company_id, kind) do update set
            address = excluded.address,
            secret = coalesce(alert_targets.secret, excluded.secret),
            template = excluded.template,
            language = excluded.language,
            set_at = excluded.set_at
        "#,
        company.as_str(),
        medium.as_str(),
        target.address,
        target.secret,
        target.template,
        target.language,
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        insert into alert_channels (channel, due_at, test_at)
        values ($1, $2, $2)
        on conflict (channel) do update set
            due_at = excluded.due_at,
            test_at = excluded.test_at,
            failures = 0,
            failing_since = null,
            fault = null,
            fault_status = null,
            told_at = null
        "#,
        Channel::Agency(company.clone(), medium).to_string(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Counts a change, if it is allowed. Of requests that arrive together each waits for the row of the one before.
async fn take_change(
    tx: &mut Connection,
    company: &CompanyId,
    limit: ChangeLimit,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        r#"
        insert into alert_changes as c (company_id, changed_at)
        values ($1, array[$2::timestamptz])
        on conflict (company_id) do update set
            -- Those of the last hour, and this one.
            changed_at = array(select at from unnest(c.changed_at) at where at > $3) || $2::timestamptz
        where (select count(*) from unnest(c.changed_at) at where at > $3) < $4
        "#,
        company.as_str(),
        now,
        now - limit.within,
        limit.max,
    )
    .execute(tx)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Removes an agency's target, with what it was told.
pub async fn remove(pool: &Pool, company: &CompanyId, medium: Medium) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query!(
        "delete from alert_targets where company_id = $1 and kind = $2",
        company.as_str(),
        medium.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from alert_channels where channel = $1",
        Channel::Agency(company.clone(), medium).to_string(),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
