//! OAuth token pairs, sealed, and the lease that lets one process at a time refresh a pair.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use crate::ids::CompanyId;

/// Whose pair: the two kinds of GHL token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum OwnerKind {
    /// An agency, from whose token location tokens are minted.
    Company,
    /// A sub-account.
    Location,
}

/// A stored pair.
#[derive(Clone, Debug, FromRow)]
pub struct TokenRow {
    /// The agency, where known.
    pub company_id: Option<CompanyId>,
    /// Sealed.
    pub access_token: Vec<u8>,
    /// Sealed; a minted location token may have none (`facts/ghl.md` section 2).
    pub refresh_token: Option<Vec<u8>>,
    /// When the access token ends.
    pub expires_at: OffsetDateTime,
    /// Which pair this is; each new one counts one up.
    pub version: i64,
}

/// A pair to store.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The agency, where known.
    pub company_id: Option<CompanyId>,
    /// Sealed.
    pub access_token: Vec<u8>,
    /// Sealed.
    pub refresh_token: Option<Vec<u8>>,
    /// When the access token ends.
    pub expires_at: OffsetDateTime,
}

/// The pair of an owner.
///
/// # Errors
/// When the database fails.
pub async fn find_token(
    pool: &PgPool,
    kind: OwnerKind,
    owner: &str,
) -> sqlx::Result<Option<TokenRow>> {
    sqlx::query_as(
        "select company_id, access_token, refresh_token, expires_at, version
         from tokens where owner_id = $1 and owner_kind = $2",
    )
    .bind(owner)
    .bind(kind)
    .fetch_optional(pool)
    .await
}

/// Stores the pair of an install, in place of whatever was there.
///
/// # Errors
/// When the database fails.
pub async fn record_token(
    tx: &mut PgConnection,
    kind: OwnerKind,
    owner: &str,
    token: &NewToken,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into tokens (owner_id, owner_kind, company_id, access_token, refresh_token, expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (owner_id, owner_kind) do update set
            company_id = coalesce(excluded.company_id, tokens.company_id),
            access_token = excluded.access_token, refresh_token = excluded.refresh_token,
            expires_at = excluded.expires_at, version = tokens.version + 1, refresh_lease_until = null",
    )
    .bind(owner)
    .bind(kind)
    .bind(&token.company_id)
    .bind(&token.access_token)
    .bind(&token.refresh_token)
    .bind(token.expires_at)
    .execute(tx)
    .await
    .map(|_| ())
}

/// Takes the right to refresh the pair `version` until `lease_until`; false when another process has it, or when the
/// pair has been replaced meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn claim_refresh(
    pool: &PgPool,
    kind: OwnerKind,
    owner: &str,
    version: i64,
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
) -> sqlx::Result<bool> {
    let taken = sqlx::query(
        "update tokens set refresh_lease_until = $5
         where owner_id = $1 and owner_kind = $2 and version = $3
           and (refresh_lease_until is null or refresh_lease_until <= $4)",
    )
    .bind(owner)
    .bind(kind)
    .bind(version)
    .bind(now)
    .bind(lease_until)
    .execute(pool)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Replaces the pair `version` by its successor and gives the lease back; changes nothing when it has been replaced
/// by someone else. A successor without a refresh token keeps the old one.
///
/// # Errors
/// When the database fails.
pub async fn finish_refresh(
    pool: &PgPool,
    kind: OwnerKind,
    owner: &str,
    version: i64,
    token: &NewToken,
) -> sqlx::Result<()> {
    sqlx::query(
        "update tokens set access_token = $4, refresh_token = coalesce($5, refresh_token), expires_at = $6,
            version = version + 1, refresh_lease_until = null
         where owner_id = $1 and owner_kind = $2 and version = $3",
    )
    .bind(owner)
    .bind(kind)
    .bind(version)
    .bind(&token.access_token)
    .bind(&token.refresh_token)
    .bind(token.expires_at)
    .execute(pool)
    .await
    .map(|_| ())
}

/// Gives the right to refresh back after a failure.
///
/// # Errors
/// When the database fails.
pub async fn release_refresh(
    pool: &PgPool,
    kind: OwnerKind,
    owner: &str,
    version: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "update tokens set refresh_lease_until = null where owner_id = $1 and owner_kind = $2 and version = $3",
    )
    .bind(owner)
    .bind(kind)
    .bind(version)
    .execute(pool)
    .await
    .map(|_| ())
}
