//! GHL's answers to the marketplace app's keys, which can be tested only by using them
//! (`docs/vendors/ghl.md#client-keys`).

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::reason::Reason;

/// GHL's answers to a pair of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialResults {
    /// When it last gave a token for them.
    pub accepted_at: Option<OffsetDateTime>,
    /// When it last refused them.
    pub refused_at: Option<OffsetDateTime>,
    /// What it answered then.
    pub refusal: Option<Reason>,
}

/// Records that GHL gave a token for these keys.
pub async fn record_acceptance(
    pool: &Pool,
    keys_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into client_credentials (keys_hash, accepted_at)
        values ($1, $2)
        on conflict (keys_hash) do update set accepted_at = excluded.accepted_at
        "#,
        keys_hash,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Records that GHL refused. `is_certain`: only the keys can be the cause. Another refusal counts only for keys that
/// were never accepted.
pub async fn record_refusal(
    pool: &Pool,
    keys_hash: &[u8],
    refusal: &Reason,
    is_certain: bool,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into client_credentials as k (keys_hash, refused_at, refusal_code, refusal_args)
        values ($1, $2, $3::jsonb->>'code', $3::jsonb->'args')
        on conflict (keys_hash) do update set
            refused_at = excluded.refused_at,
            refusal_code = excluded.refusal_code,
            refusal_args = excluded.refusal_args
        where $4 or k.accepted_at is null
        "#,
        keys_hash,
        now,
        refusal as &Reason,
        is_certain,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// GHL's answers to these keys so far.
pub async fn find_credential_results(
    pool: &Pool,
    keys_hash: &[u8],
) -> sqlx::Result<CredentialResults> {
    let found = sqlx::query_as!(
        CredentialResults,
        r#"
        select accepted_at, refused_at, reason_of(refusal_code, refusal_args) as "refusal: Reason"
        from client_credentials
        where keys_hash = $1
        "#,
        keys_hash,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.unwrap_or_default())
}
