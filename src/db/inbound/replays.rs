//! A replay's statements on a failed message to GHL.

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::db::contacts::lids;
use crate::db::contacts::lids::LID_SERVER;
use crate::db::replays::current::Current;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::{Reason, Step};

/// Locks a message and reads what decides whether it may be replayed.
pub(in crate::db) async fn find_current(
    tx: &mut Connection,
    location: &LocationId,
    id: MessageId,
) -> sqlx::Result<Option<Current>> {
    sqlx::query!(
        "select 1 as one from inbound where location_id = $1 and id = $2 for update",
        location.as_str(),
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let found = list_current(tx, location, &[id.0]).await?;
    Ok(found.into_iter().next())
}

/// The same of several messages of a location, without locks, for a look at what may be replayed.
pub(in crate::db) async fn list_current(
    connection: &mut Connection,
    location: &LocationId,
    ids: &[i64],
) -> sqlx::Result<Vec<Current>> {
    sqlx::query_as!(
        Current,
        r#"
        select i.id as "id: MessageId", i.state, reason_of(i.reason_code, i.reason_args) as "reason: Reason", 0 as "parts_sent!",
            null::int as refused_part, i.unconfirmed as is_lost,
            exists (
                select 1
                from locations l
                where l.location_id = i.location_id and l.uninstalled_at is not null
            ) as "is_uninstalled!"
        from inbound i
        where i.location_id = $1 and i.id = any($2)
        order by i.id
        "#,
        location.as_str(),
        ids,
    )
    .fetch_all(connection)
    .await
}

/// The failed messages of a location, in the order in which they arrived.
pub(in crate::db) async fn list_failed(
    pool: &Pool,
    location: &LocationId,
) -> sqlx::Result<Vec<MessageId>> {
    sqlx::query_scalar!(
        "select id from inbound where location_id = $1 and state = 'failed' order by id",
        location.as_str(),
    )
    .fetch_all(pool)
    .await
}

/// Puts a message back, due now. If it failed while its sender was hidden, it is held again, unless the sender is known
/// by now.
pub(in crate::db) async fn requeue(
    tx: &mut Connection,
    location: &LocationId,
    id: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let conversation = sqlx::query_scalar!(
        r#"
        update inbound
        set failures = 0,
            -- `attempt` is the fence and never decreases. Waits do not count as tries, so this gives back all tries.
            waits = attempt,
            due_at = $3,
            undecrypted = false,
            -- One of a sender without a phone is looked up once more.
            phone = case when conversation like '%' || $4 then null else phone end,
            state = case when conversation like '%' || $4 then 'held' else 'accepted' end,
            reason_code = case when conversation like '%' || $4 then $5::jsonb->>'code' end,
            reason_args = case when conversation like '%' || $4 then $5::jsonb->'args' end
            -- `unconfirmed` stays: the worker looks into GHL's conversation before it posts.
        where location_id = $1 and id = $2
        returning conversation
        "#,
        location.as_str(),
        id.0,
        now,
        LID_SERVER,
        Reason::from(Step::SenderHidden) as Reason,
    )
    .fetch_one(&mut *tx)
    .await?;
    if let Some(lid) = conversation.strip_suffix(LID_SERVER)
        && lids::lock(tx, location, lid).await?
    {
        lids::release(tx, location, &[lid], now, now).await?;
    }
    Ok(())
}
