//! Connect links: their location and expiry, the instance that waits for a phone, and the number they connected.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::states::InstallStatus;

/// An instance whose pages nobody has had open for so long may wait for another location's phone: Waapify gives an account
/// one free instance at a time. A page that is open notes that several times a minute.
pub const ABANDONED_AFTER: Duration = Duration::minutes(2);

/// A connect link.
#[derive(Clone, Debug)]
pub struct ConnectLink {
    /// The only location that it connects.
    pub location_id: LocationId,
    /// When it expires.
    pub expires_at: OffsetDateTime,
    /// When it was used.
    pub used_at: Option<OffsetDateTime>,
    /// The instance that waits for a phone.
    pub pending_instance: Option<String>,
    /// That instance's token, sealed.
    pub pending_token: Option<Vec<u8>>,
    /// The number that it connected, digits.
    pub number: Option<String>,
    /// It was made for a user whom GHL proved.
    pub made_inside: bool,
    /// The agency whose admin it was made for.
    pub agency_id: Option<CompanyId>,
    /// The number that Waapify named for the pending instance, digits, while nobody has said that it is the right one.
    pub pending_number: Option<String>,
    /// A person entered the pending instance.
    pub pending_is_entered: bool,
    /// Since when Waapify is asked for an instance.
    pub asked_at: Option<OffsetDateTime>,
    /// When a test message was sent with it.
    pub tested_at: Option<OffsetDateTime>,
    /// The user for whom it was made, as the audit names him.
    pub made_by: Option<String>,
}

/// A link to keep.
#[derive(Clone, Copy, Debug)]
pub struct NewLink<'a> {
    /// The hash of its token.
    pub token_hash: &'a [u8],
    /// The only location that it connects.
    pub location: &'a LocationId,
    /// It is made for a user whom GHL proved.
    pub made_inside: bool,
    /// That user, as the audit names him.
    pub made_by: Option<&'a str>,
    /// The agency whose admin he is.
    pub agency: Option<&'a CompanyId>,
    /// When it expires.
    pub expires_at: OffsetDateTime,
}

/// Keeps a connect link by the hash of its token.
pub async fn record_link(pool: &Pool, link: NewLink<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into connect_links (token_hash, location_id, made_inside, expires_at, agency_id, made_by)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        link.token_hash,
        link.location.as_str(),
        link.made_inside,
        link.expires_at,
        link.agency.map(CompanyId::as_str),
        link.made_by,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The list in which a link is shown.
#[derive(Clone, Copy, Debug)]
pub struct ListedIn<'a> {
    /// The hash of its token.
    pub list_hash: &'a [u8],
    /// The agency for which the app was installed, if it was for a whole agency.
    pub agency: Option<&'a CompanyId>,
}

/// Keeps a connect link that is shown in a list, by the hashes of both tokens. Only the list is the agency's: its links
/// are passed on.
pub async fn record_listed_link(
    pool: &Pool,
    token_hash: &[u8],
    location: &LocationId,
    list: ListedIn<'_>,
    expires_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into connect_links (token_hash, location_id, made_inside, expires_at, list_hash, list_agency_id)
        values ($1, $2, false, $3, $4, $5)
        "#,
        token_hash,
        location.as_str(),
        expires_at,
        list.list_hash,
        list.agency.map(CompanyId::as_str),
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// A connect link in a list.
#[derive(Clone, Debug)]
pub struct ListedLink {
    /// Its location.
    pub location_id: LocationId,
    /// GHL's name of the location, where it is known.
    pub name: Option<String>,
    /// The install status of the location.
    pub install_status: InstallStatus,
    /// It has connected a number.
    pub is_used: bool,
    /// The agency for which the list was made.
    pub agency: Option<CompanyId>,
}

/// The links of a list that work, or were used, in the order of the names of their locations.
pub async fn list_links(
    pool: &Pool,
    list_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<ListedLink>> {
    sqlx::query_as!(
        ListedLink,
        r#"
        select l.location_id, n.name as "name?", s.install_status as "install_status!",
            l.used_at is not null as "is_used!", l.list_agency_id as "agency: CompanyId"
        from connect_links l
        join install_statuses s on s.location_id = l.location_id
        left join account_names n on n.owner_id = l.location_id
        where l.list_hash = $1 and l.expires_at > $2
        order by n.name, l.location_id
        "#,
        list_hash,
        now,
    )
    .fetch_all(pool)
    .await
}

/// The link of a token, even if it is used or expired.
pub async fn find_link(pool: &Pool, token_hash: &[u8]) -> sqlx::Result<Option<ConnectLink>> {
    sqlx::query_as!(
        ConnectLink,
        r#"
        select location_id, expires_at, used_at, pending_instance, pending_token, number, made_inside,
            agency_id as "agency_id: CompanyId", pending_number, pending_is_entered, asked_at, tested_at, made_by
        from connect_links
        where token_hash = $1
        "#,
        token_hash,
    )
    .fetch_optional(pool)
    .await
}

/// Counts a try of keys with an unused link; false when it has tried `max` times already.
pub async fn count_try(pool: &Pool, token_hash: &[u8], max: i32) -> sqlx::Result<bool> {
    let counted = sqlx::query!(
        r#"
        update connect_links
        set tries = tries + 1
        where token_hash = $1 and used_at is null and tries < $2
        "#,
        token_hash,
        max,
    )
    .execute(pool)
    .await?;
    Ok(counted.rows_affected() == 1)
}

/// Counts a try of a token with a list of links, as one of each of its links; false when that would be more than `max` of
/// any.
pub async fn count_list_try(pool: &Pool, list_hash: &[u8], max: i32) -> sqlx::Result<bool> {
    let counted = sqlx::query!(
        r#"
        update connect_links
        set tries = tries + 1
        where list_hash = $1
          and not exists (select 1 from connect_links where list_hash = $1 and tries >= $2)
        "#,
        list_hash,
        max,
    )
    .execute(pool)
    .await?;
    Ok(counted.rows_affected() > 0)
}

/// Uses a link up for `number`, and ends its location's other links; false when it is gone: used before, expired, or its location uninstalled meanwhile.
pub async fn use_link(
    tx: &mut Connection,
    token_hash: &[u8],
    number: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let used = sqlx::query!(
        r#"
        update connect_links
        set used_at = $2, number = $3, pending_instance = null, pending_token = null, pending_number = null
        where token_hash = $1 and used_at is null and expires_at > $2
        "#,
        token_hash,
        now,
        number,
    )
    .execute(&mut *tx)
    .await?;
    if used.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        r#"
        update connect_links
        set expires_at = $2, pending_instance = null, pending_token = null, pending_number = null
        where location_id = (select location_id from connect_links where token_hash = $1)
          and used_at is null
          and expires_at > $2
        "#,
        token_hash,
        now,
    )
    .execute(tx)
    .await?;
    Ok(true)
}

/// Whether an instance can be linked with a location's connect link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Yes: it waits with this link now.
    Here,
    /// It belongs to a number of another location, or another location's link waits for it.
    Elsewhere,
    /// The link is used or expired.
    Gone,
}

/// An instance that waits with a link.
#[derive(Clone, Copy, Debug)]
pub struct Pending<'a> {
    /// Waapify's instance.
    pub instance_id: &'a str,
    /// Its token, sealed.
    pub token: &'a [u8],
    /// The number that is linked already, digits.
    pub number: Option<&'a str>,
    /// A person entered it; other locations may use it, too.
    pub is_entered: bool,
    /// The hash of the secret of the page that shows its code.
    pub scan_hash: &'a [u8],
}

/// Stores the instance that waits for a phone, with its sealed token, in place of the link's earlier one. A location's
/// newer link takes an instance over from its older one, and any link one that another has abandoned.
pub async fn record_pending(
    pool: &Pool,
    token_hash: &[u8],
    location: &LocationId,
    pending: Pending<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Waits> {
    let mut tx = pool.begin().await?;
    sqlx::query!(
        r#"
        update connect_links
        set pending_instance = null, pending_token = null, pending_number = null
        where pending_instance = $1
          and (
            location_id = $2
            or expires_at <= $3
            or pending_seen_at < $4 and pending_number is null
          )
        "#,
        pending.instance_id,
        location.as_str(),
        now,
        now - ABANDONED_AFTER,
    )
    .execute(&mut *tx)
    .await?;
    let recorded = sqlx::query!(
        r#"
        update connect_links
        set pending_instance = $2,
            pending_token = $3,
            pending_number = $6,
            pending_is_entered = $7,
            pending_seen_at = $4,
            scan_hash = $8,
            asked_at = null
        where token_hash = $1
          and used_at is null
          and expires_at > $4
          and (
            $7
            or not exists (
                select 1
                from numbers
                where instance_id = $2 and location_id <> $5 and webhook_secret is not null
            )
          )
        "#,
        token_hash,
        pending.instance_id,
        pending.token,
        now,
        location.as_str(),
        pending.number,
        pending.is_entered,
        pending.scan_hash,
    )
    .execute(&mut *tx)
    .await;
    let recorded = match recorded {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            return Ok(Waits::Elsewhere);
        }
        recorded => recorded?.rows_affected(),
    };
    tx.commit().await?;
    if recorded == 1 {
        return Ok(Waits::Here);
    }
    let link = find_link(pool, token_hash).await?;
    let is_usable = link.is_some_and(|link| link.used_at.is_none() && link.expires_at > now);
    Ok(if is_usable {
        Waits::Elsewhere
    } else {
        Waits::Gone
    })
}

/// Removes the instance that waits with a link.
pub async fn forget_pending(pool: &Pool, token_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update connect_links
        set pending_instance = null, pending_token = null, pending_number = null
        where token_hash = $1
        "#,
        token_hash,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Removes the instances that wait with expired links, and destroys their tokens.
pub async fn forget_expired(pool: &Pool, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update connect_links
        set pending_instance = null, pending_token = null, pending_number = null
        where pending_instance is not null and expires_at <= $1
        "#,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Counts a test message of a link. False when the link was not used after `since`, or has sent `max` already.
pub async fn count_test(
    pool: &Pool,
    token_hash: &[u8],
    since: OffsetDateTime,
    max: i32,
) -> sqlx::Result<bool> {
    let counted = sqlx::query!(
        r#"
        update connect_links
        set tests_sent = tests_sent + 1
        where token_hash = $1 and used_at > $2 and tests_sent < $3
        "#,
        token_hash,
        since,
        max,
    )
    .execute(pool)
    .await?;
    Ok(counted.rows_affected() == 1)
}
