//! Who did what: people on the pages, inside GHL and at the command line. Kept for a year.
//!
//! Holds no message text, no customer's number and no secret.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::model::audit::{Action, ActorKind, Outcome};
use crate::model::ids::LocationId;

/// Longest text of an actor or a place, in characters: ids have some dozen.
const MAX_TEXT: usize = 100;
/// Entries are kept so long.
const KEPT_FOR: Duration = Duration::days(365);
/// Old entries that go with each new one: more than one, so that they become fewer, and few, so that none waits.
const FORGOTTEN_AT_ONCE: i64 = 10;

/// What is recorded.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// Through which door.
    pub actor_kind: ActorKind,
    /// Who, where known.
    pub actor: Option<&'a str>,
    /// What.
    pub action: Action,
    /// In which location; none: the service.
    pub location: Option<&'a LocationId>,
    /// On which number, message or target.
    pub place: Option<&'a str>,
    /// How many rows it was about.
    pub count: Option<i32>,
    /// How it ended.
    pub outcome: Outcome,
}

/// An entry as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, by which pages go.
    pub id: i64,
    /// When.
    pub at: OffsetDateTime,
    /// Through which door.
    pub actor_kind: ActorKind,
    /// Who, where known.
    pub actor: Option<String>,
    /// What GHL calls that user, if it told.
    pub actor_name: Option<String>,
    /// What.
    pub action: Action,
    /// In which location; empty: the service.
    pub location_id: LocationId,
    /// What GHL calls that location.
    pub location_name: Option<String>,
    /// On which number, message or target.
    pub place: Option<String>,
    /// How many rows it was about.
    pub count: Option<i32>,
    /// How it ended.
    pub outcome: Outcome,
}

/// Records what a person did, and forgets some of what is older than a year.
pub async fn record(pool: &Pool, entry: NewEntry<'_>, now: OffsetDateTime) -> sqlx::Result<()> {
    let cut = |text: &str| -> String {
        let shown = text.chars().filter(|c| !c.is_control());
        shown.take(MAX_TEXT).collect()
    };
    sqlx::query!(
        r#"
        with forgotten as (
            delete from audit
            where id in (
                select id
                from audit
                where at < $9
                order by at
                limit $10
                for update skip locked
            )
        )
        insert into audit (at, actor_kind, actor, action, location_id, place, count, outcome)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        now,
        entry.actor_kind as ActorKind,
        entry.actor.map(cut),
        entry.action as Action,
        entry.location.map_or("", LocationId::as_str),
        entry.place.map(cut),
        entry.count,
        entry.outcome as Outcome,
        now - KEPT_FOR,
        FORGOTTEN_AT_ONCE,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Entries before the one with the number `before`, newest first: of all, or of one location.
pub async fn list(
    pool: &Pool,
    location: Option<&LocationId>,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    match location {
        Some(location) => list_of(pool, location, before, limit).await,
        None => list_all(pool, before, limit).await,
    }
}

/// Along the primary key.
async fn list_all(pool: &Pool, before: i64, limit: i64) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"
        select a.id, a.at, a.actor_kind, a.actor, a.action,
            -- Behind the id of a user stands the role.
            (select name from user_names where a.actor_kind = 'user' and user_id = split_part(a.actor, ' (', 1))
                as actor_name,
            a.location_id, (select name from account_names where owner_id = a.location_id) as location_name,
            a.place, a.count, a.outcome
        from audit a
        where a.id < $1
        order by a.id desc
        limit $2
        "#,
        before,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Along `audit_of_location`.
async fn list_of(
    pool: &Pool,
    location: &LocationId,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"
        select a.id, a.at, a.actor_kind, a.actor, a.action,
            -- Behind the id of a user stands the role.
            (select name from user_names where a.actor_kind = 'user' and user_id = split_part(a.actor, ' (', 1))
                as actor_name,
            a.location_id, (select name from account_names where owner_id = a.location_id) as location_name,
            a.place, a.count, a.outcome
        from audit a
        where a.location_id = $1 and a.id < $2
        order by a.id desc
        limit $3
        "#,
        location.as_str(),
        before,
        limit,
    )
    .fetch_all(pool)
    .await
}
