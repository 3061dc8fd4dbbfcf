//! OAuth token pairs, sealed, and the lease that lets one process at a time refresh a pair.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::model::ids::CompanyId;
use crate::model::reason::Reason;
use crate::model::states::{OwnerKind, TokenProblem};

/// A stored pair.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// The agency, where known.
    pub company_id: Option<CompanyId>,
    /// Sealed.
    pub access_token: Vec<u8>,
    /// Sealed; a location token that was made from an agency's may have none (`docs/vendors/ghl.md#location-tokens`).
    pub refresh_token: Option<Vec<u8>>,
    /// When the access token expires.
    pub expires_at: OffsetDateTime,
    /// The number of this pair; each new pair adds one.
    pub version: i64,
    /// When it is renewed; after a failure, not before.
    pub refresh_at: OffsetDateTime,
    /// Failed renewals in a row.
    pub refresh_failures: i32,
    /// Why the last renewal failed.
    pub problem: Option<TokenProblem>,
    /// More about it.
    pub problem_detail: Option<Reason>,
}

impl TokenRow {
    /// Whether GHL refused it in its location. A failed renewal counts its failures; a refusal counts none.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.problem == Some(TokenProblem::NeedsReinstall) && self.refresh_failures == 0
    }
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
    /// What it may do, in GHL's words, if GHL says so.
    pub scope: Option<String>,
    /// When the access token expires.
    pub expires_at: OffsetDateTime,
    /// When it is renewed.
    pub refresh_at: OffsetDateTime,
}

/// The pair of an owner.
pub async fn find_token(
    pool: &Pool,
    kind: OwnerKind,
    owner: &str,
) -> sqlx::Result<Option<TokenRow>> {
    sqlx::query_as!(
        TokenRow,
        r#"
        select company_id, access_token, refresh_token, expires_at, version, refresh_at, refresh_failures,
            trouble as problem,
            reason_of(trouble_code, trouble_args) as "problem_detail: Reason"
        from tokens
        where owner_id = $1 and owner_kind = $2
        "#,
        owner,
        kind as OwnerKind,
    )
    .fetch_optional(pool)
    .await
}

/// Stores the pair of an install, in place of the owner's last one.
pub async fn record_token(
    tx: &mut Connection,
    kind: OwnerKind,
    owner: &str,
    token: &NewToken,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into tokens (owner_id, owner_kind, company_id, access_token, refresh_token, expires_at, refresh_at, scope)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (owner_id, owner_kind) do update set
            company_id = coalesce(excluded.company_id, tokens.company_id),
            access_token = excluded.access_token,
            refresh_token = excluded.refresh_token,
            expires_at = excluded.expires_at,
            refresh_at = excluded.refresh_at,
            scope = excluded.scope,
            -- A process that is refreshing the old pair then finds another version, and changes nothing.
            version = tokens.version + 1,
            refresh_lease_until = null,
            refresh_failures = 0,
            trouble = null,
            trouble_code = null,
            trouble_args = null
        "#,
        owner,
        kind as OwnerKind,
        token.company_id.as_ref().map(CompanyId::as_str),
        token.access_token,
        token.refresh_token.as_deref(),
        token.expires_at,
        token.refresh_at,
        token.scope.as_deref(),
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Claims the refresh of the pair `version` for `lease`. False when another process has claimed it, or the pair was
/// replaced meanwhile. `ended`: GHL refuses the access token as expired, so it counts as expired from now on.
pub async fn claim_refresh(
    pool: &Pool,
    (kind, owner): (OwnerKind, &str),
    version: i64,
    ended: bool,
    now: OffsetDateTime,
    lease: Duration,
) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        r#"
        update tokens
        set refresh_lease_until = $5,
            expires_at = case when $6 then least(expires_at, $4) else expires_at end
        where owner_id = $1
          and owner_kind = $2
          and version = $3
          and (refresh_lease_until is null or refresh_lease_until <= $4)
        "#,
        owner,
        kind as OwnerKind,
        version,
        now,
        now + lease,
        ended,
    )
    .execute(pool)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Replaces the pair `version` by its successor and ends the claim. False, without a change, when another process has
/// replaced it. A successor without a refresh token keeps the old one.
pub async fn finish_refresh(
    pool: &Pool,
    (kind, owner): (OwnerKind, &str),
    version: i64,
    token: &NewToken,
) -> sqlx::Result<bool> {
    let replaced = sqlx::query!(
        r#"
        update tokens
        set company_id = coalesce($9, company_id),
            access_token = $4,
            refresh_token = coalesce($5, refresh_token),
            expires_at = $6,
            refresh_at = $7,
            scope = coalesce($8, scope),
            version = version + 1,
            refresh_lease_until = null,
            refresh_failures = 0,
            trouble = null,
            trouble_code = null,
            trouble_args = null
        where owner_id = $1 and owner_kind = $2 and version = $3
        "#,
        owner,
        kind as OwnerKind,
        version,
        token.access_token,
        token.refresh_token.as_deref(),
        token.expires_at,
        token.refresh_at,
        token.scope.as_deref(),
        token.company_id.as_ref().map(CompanyId::as_str),
    )
    .execute(pool)
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Records that GHL refuses the token of the pair `version` in its location. True if that is news. The token stays in
/// use, because only GHL's next answer shows whether that is over ([`TokenRow::is_refused`]).
pub async fn record_refusal(
    pool: &Pool,
    (kind, owner): (OwnerKind, &str),
    version: i64,
    why: &Reason,
) -> sqlx::Result<bool> {
    let recorded = sqlx::query!(
        r#"
        update tokens
        set trouble = 'needs_reinstall',
            trouble_code = $4::jsonb->>'code',
            trouble_args = $4::jsonb->'args',
            refresh_failures = 0
        where owner_id = $1
            and owner_kind = $2
            and version = $3
            and (trouble is distinct from 'needs_reinstall' or refresh_failures > 0)
        "#,
        owner,
        kind as OwnerKind,
        version,
        why as &Reason,
    )
    .execute(pool)
    .await?;
    Ok(recorded.rows_affected() == 1)
}

/// Records that GHL takes the refused token of the pair `version` again, and makes due what waits for the token.
pub async fn end_refusal(
    pool: &Pool,
    (kind, owner): (OwnerKind, &str),
    version: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let ended = sqlx::query!(
        r#"
        update tokens
        set trouble = null, trouble_code = null, trouble_args = null
        where owner_id = $1 and owner_kind = $2 and version = $3 and refresh_failures = 0
        "#,
        owner,
        kind as OwnerKind,
        version,
    )
    .execute(&mut *tx)
    .await?;
    if ended.rows_affected() == 1 && kind == OwnerKind::Location {
        make_due(&mut tx, owner, now).await?;
    }
    tx.commit().await
}

/// What waited once is due at once. GHL may take the token for some calls and refuse it for others: what waited more often
/// is tried again after longer and longer pauses, which end at the pause that it has.
async fn make_due(tx: &mut Connection, location: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound
        set due_at = least(
                due_at,
                $2 + case when waits > 1 then interval '1 second' * power(2, least(waits, 10)) else interval '0' end
            )
        where location_id = $1 and state = 'accepted' and is_waiting and due_at > $2
        "#,
        location,
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        update status_updates
        set due_at = least(
                due_at,
                $2 + case when waits > 1 then interval '1 second' * power(2, least(waits, 10)) else interval '0' end
            )
        where location_id = $1 and waits > 0 and due_at > $2
        "#,
        location,
        now,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Ends the claim after a failed refresh. `refresh_at`: when to try again.
pub async fn fail_refresh(
    pool: &Pool,
    (kind, owner): (OwnerKind, &str),
    version: i64,
    (problem, detail): (TokenProblem, &Reason),
    refresh_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update tokens
        set refresh_lease_until = null,
            refresh_failures = refresh_failures + 1,
            trouble = $4,
            trouble_code = $5::jsonb->>'code',
            trouble_args = $5::jsonb->'args',
            refresh_at = $6
        where owner_id = $1 and owner_kind = $2 and version = $3
        "#,
        owner,
        kind as OwnerKind,
        version,
        problem as TokenProblem,
        detail as &Reason,
        refresh_at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Claims pairs that are due for renewal, and those with a renewal that stopped with its process.
pub async fn claim_due(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<(OwnerKind, String)>> {
    sqlx::query!(
        r#"
        update tokens t
        set refresh_at = $2
        where (t.owner_id, t.owner_kind) in (
            select owner_id, owner_kind
            from tokens
            where refresh_at <= $1 or refresh_lease_until <= $1
            order by refresh_at
            limit $3
            for update skip locked
        )
        returning t.owner_kind, t.owner_id
        "#,
        now,
        now + lease,
        limit,
    )
    .map(|row| (row.owner_kind, row.owner_id))
    .fetch_all(pool)
    .await
}
