//! A location's own rules for the number that a message leaves from, and what happens to what waits for a number on hold. The
//! statement that applies them is the function `route_of` of the schema.

use crate::db::connection::Pool;
use crate::model::ids::LocationId;
use crate::model::number_rule::{RuleKind, WhenHeld};

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it goes by.
    pub kind: RuleKind,
    /// The user's id, the tag in small letters; of a share the number.
    pub subject: String,
    /// The number that messages leave from, digits.
    pub number: String,
    /// Of a share: its part of the sum, 1 to 100.
    pub weight: Option<i32>,
}

/// The rules of a location, in the order of their numbers.
pub async fn list(pool: &Pool, location: &LocationId) -> sqlx::Result<Vec<Rule>> {
    sqlx::query_as!(
        Rule,
        r#"
        select kind as "kind: RuleKind", subject, number, weight
        from number_rules
        where location_id = $1
        order by number, kind, subject
        "#,
        location.as_str(),
    )
    .fetch_all(pool)
    .await
}

/// What a location has chosen for messages whose number is on hold.
pub async fn find_when_held(pool: &Pool, location: &LocationId) -> sqlx::Result<WhenHeld> {
    let found = sqlx::query_scalar!(
        r#"select when_held as "when_held: WhenHeld" from routing_settings where location_id = $1"#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.unwrap_or(WhenHeld::Mixed))
}

/// Replaces all rules of a location.
pub async fn record(
    pool: &Pool,
    location: &LocationId,
    rules: &[Rule],
    when_held: WhenHeld,
) -> sqlx::Result<()> {
    fn column<'a, T>(rules: &'a [Rule], value: impl Fn(&'a Rule) -> T) -> Vec<T> {
        rules.iter().map(value).collect()
    }
    let mut tx = pool.begin().await?;
    sqlx::query!(
        "delete from number_rules where location_id = $1",
        location.as_str()
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        insert into number_rules (location_id, kind, subject, number, weight)
        select $1, kind, subject, number, weight
        from unnest($2::text[], $3::text[], $4::text[], $5::int[]) as r (kind, subject, number, weight)
        on conflict (location_id, kind, subject) do nothing
        "#,
        location.as_str(),
        &column(rules, |rule| rule.kind.as_str()) as &[&str],
        &column(rules, |rule| rule.subject.as_str()) as &[&str],
        &column(rules, |rule| rule.number.as_str()) as &[&str],
        &column(rules, |rule| rule.weight) as &[Option<i32>],
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        insert into routing_settings (location_id, when_held)
        values ($1, $2)
        on conflict (location_id) do update set when_held = excluded.when_held
        "#,
        location.as_str(),
        when_held as WhenHeld,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// The numbers of rules that are not connected any more, digits.
pub async fn list_gone(pool: &Pool, location: &LocationId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"
        select distinct r.number
        from number_rules r
        where r.location_id = $1 and not exists (
            select 1
            from numbers n
            where n.location_id = r.location_id and n.number = r.number and n.webhook_secret is not null
        )
        order by r.number
        "#,
        location.as_str(),
    )
    .fetch_all(pool)
    .await
}

/// Messages whose senders are looked at.
const NEWEST: i64 = 300;
/// Longer ones are not read: a delivery has a few kilobytes.
const LONGEST: i32 = 16 * 1024;

/// The newest deliveries of a location that name a user.
pub async fn list_deliveries_of_users(
    pool: &Pool,
    location: &LocationId,
) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        r#"
        select body
        from (
            select body, has_sender
            from outbound
            where location_id = $1
            order by location_id, id desc
            limit $2
        ) newest
        where has_sender and octet_length(body) <= $3
        "#,
        location.as_str(),
        NEWEST,
        LONGEST,
    )
    .fetch_all(pool)
    .await
}

/// The users of GHL who did something on the pages of a location, as they are recorded.
pub async fn list_recorded_users(pool: &Pool, location: &LocationId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"
        select distinct actor as "actor!"
        from (
            select actor
            from audit
            where location_id = $1 and actor_kind = 'user' and actor is not null
            order by location_id, id desc
            limit $2
        ) newest
        "#,
        location.as_str(),
        NEWEST,
    )
    .fetch_all(pool)
    .await
}
