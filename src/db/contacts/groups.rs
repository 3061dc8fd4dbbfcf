//! WhatsApp groups: their names. And which process creates a contact in GHL, for a group or anybody else.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::LocationId;

/// Stores the names of groups, which are given by their addresses, each once.
pub async fn record_subjects(
    pool: &Pool,
    location: &LocationId,
    groups: &[&str],
    subjects: &[&str],
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into groups (location_id, group_jid, subject)
        select $1, said.group_jid, said.subject
        from unnest($2::text[], $3::text[]) as said (group_jid, subject)
        -- In one order everywhere: of two processes that name the same groups, one waits for the other.
        order by said.group_jid
        on conflict (location_id, group_jid) do update set subject = excluded.subject
        where groups.subject is distinct from excluded.subject
        "#,
        location.as_str(),
        groups as &[&str],
        subjects as &[&str],
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Claims the creation of the contact of a group or of another sender, by its address or phone, until `until`. Returns the
/// group's name, if known; the outer `None` means
/// that another process holds the claim.
pub async fn claim_making(
    pool: &Pool,
    location: &LocationId,
    group: &str,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Option<String>>> {
    sqlx::query_scalar!(
        r#"
        insert into groups (location_id, group_jid, making_until)
        values ($1, $2, $3)
        on conflict (location_id, group_jid) do update set making_until = excluded.making_until
        where groups.making_until is null or groups.making_until <= $4
        returning subject
        "#,
        location.as_str(),
        group,
        until,
        now,
    )
    .fetch_optional(pool)
    .await
}

/// Ends the claim of [`claim_making`], and the row if it was only for that, unless another process has taken it over.
pub async fn finish_making(
    pool: &Pool,
    location: &LocationId,
    group: &str,
    until: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with ended as (
            delete from groups
            where location_id = $1 and group_jid = $2 and making_until = $3 and subject is null
        )
        update groups
        set making_until = null
        where location_id = $1 and group_jid = $2 and making_until = $3 and subject is not null
        "#,
        location.as_str(),
        group,
        until,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
