//! A replay's statements on a failed message to WhatsApp.

use time::OffsetDateTime;

use crate::db::connection::Connection;
use crate::db::replays::current::Current;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Reason;

/// Locks a message and reads what decides whether it may be replayed. `unconfirmed`: the causes of replays after which the
/// outcome stays unknown. None: there is no such message.
pub(in crate::db) async fn find_current(
    tx: &mut Connection,
    location: &LocationId,
    id: MessageId,
    unconfirmed: &[&str],
) -> sqlx::Result<Option<Current>> {
    // Lock receipts before their message, in the same order as functions that record a receipt.
    sqlx::query!(
        "select 1 as one from receipts where location_id = $1 and message_id = $2 for update",
        location.as_str(),
        id.0,
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query!(
        "select 1 as one from outbound where location_id = $1 and id = $2 for update",
        location.as_str(),
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let found = list_current(tx, location, &[id.0], unconfirmed).await?;
    Ok(found.into_iter().next())
}

/// The same of several messages of a location, without locks, for a look at what may be replayed.
pub(in crate::db) async fn list_current(
    connection: &mut Connection,
    location: &LocationId,
    ids: &[i64],
    unconfirmed: &[&str],
) -> sqlx::Result<Vec<Current>> {
    sqlx::query_as!(
        Current,
        r#"
        select o.id as "id: MessageId", o.state, reason_of(o.reason_code, o.reason_args) as "reason: Reason", o.parts_sent,
            exists (
                select 1
                from locations l
                where l.location_id = o.location_id and l.uninstalled_at is not null
            ) as "is_uninstalled!",
            -- Its outcome was unknown once, or was when it was replayed.
            exists (
                select 1
                from timeline t
                where t.location_id = o.location_id
                    and t.message_id = o.id
                    and (t.state = 'unconfirmed' or t.cause_code = any($3))
            )
            -- WhatsApp has a part that the message never counted as sent: an answer that came too late.
            or exists (
                select 1
                from receipts r
                where r.location_id = o.location_id
                    and r.message_id = o.id
                    and r.part >= o.parts_sent
                    and r.refused is null
            ) as "is_lost!",
            (
                select min(part)
                from (
                    select part
                    from receipts r
                    where r.location_id = o.location_id and r.message_id = o.id and r.part is not null
                    group by part
                    having bool_and(refused is not null)
                ) refused
            ) as refused_part
        from outbound o
        where o.location_id = $1 and o.id = any($2)
        order by o.id
        "#,
        location.as_str(),
        ids,
        unconfirmed as &[&str],
    )
    .fetch_all(connection)
    .await
}

/// Puts a message back, due now. At most `parts_sent` of its parts count as sent from now on.
pub(in crate::db) async fn requeue(
    tx: &mut Connection,
    location: &LocationId,
    id: MessageId,
    parts_sent: i32,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update outbound
        set state = 'accepted',
            reason_code = null,
            reason_args = null,
            failures = 0,
            unconfirmed_sends = 0,
            -- A person waits for it, as for an answer; and nothing behind it in its conversation may rank higher.
            priority = 2,
            parts_sent = least(parts_sent, $3),
            -- They may have written since.
            is_cold = is_cold and not exists (
                select 1
                from contacts c
                where c.location_id = outbound.location_id and c.contact_id = outbound.conversation and c.wrote_at is not null
            ),
            due_at = $4,
            -- Its age counts anew.
            waits_since = $4
        where location_id = $1 and id = $2
        "#,
        location.as_str(),
        id.0,
        parts_sent,
        now,
    )
    .execute(&mut *tx)
    .await?;
    // A refused copy stays known as ours, but counts for no part; otherwise it would fail the message again.
    sqlx::query!(
        "update receipts set part = null where location_id = $1 and message_id = $2 and refused is not null",
        location.as_str(),
        id.0,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from status_updates where location_id = $1 and message_id = $2",
        location.as_str(),
        id.0,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
