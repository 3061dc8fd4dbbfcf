//! Messages that arrived undecrypted (stubs): held until their content arrives under the same id, or posted without it.
//!
//! A stub that is posted without its content changes its id to that of [`id_of`]. So its content, if it still arrives,
//! is a message of its own, and the same stub is recognised when it arrives again.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::contacts::lids::LID_SERVER;
use crate::model::ids::WaMessageId;
use crate::model::reason::{Reason, Step};

/// No id of WhatsApp begins with it.
const PREFIX: &str = "stub:";
/// Rows in one statement, so that no lock lasts long; the rest follows at the next poll.
const BATCH: i64 = 500;

/// The id of a stub that is posted as it is.
#[must_use]
pub fn id_of(id: &str) -> WaMessageId {
    WaMessageId(format!("{PREFIX}{id}"))
}

/// The other id under which a stub may be known; `None` for a message that is no stub.
pub(in crate::db) fn twin(id: &WaMessageId, is_held: bool) -> Option<WaMessageId> {
    match id.as_str().strip_prefix(PREFIX) {
        Some(plain) => Some(WaMessageId::from(plain)),
        None => is_held.then(|| id_of(id.as_str())),
    }
}

/// Releases stubs that waited too long for their content; one with a hidden sender is held for that from now on.
/// Returns their number.
pub async fn expire(pool: &Pool, now: OffsetDateTime) -> sqlx::Result<u64> {
    let expired = sqlx::query!(
        r#"
        -- A stub whose other id is taken was posted before, and stays held.
        with due as (
            select i.location_id, i.id
            from inbound i
            where i.state = 'held'
                and i.undecrypted
                and i.due_at <= $1
                and not exists (
                    select 1
                    from inbound twin
                    where twin.location_id = i.location_id
                        and twin.number = i.number
                        and twin.wa_message_id = $3 || i.wa_message_id
                        and twin.from_me = i.from_me
                )
            order by i.due_at
            limit $2
            for update of i skip locked
        ),
        expired as (
            update inbound i
            set undecrypted = false,
                wa_message_id = $3 || i.wa_message_id,
                due_at = $1,
                -- An old one goes on waiting for a person's word, or for its turn.
                state = case when i.late is not null or i.phone is null and i.conversation like '%' || $4
                    then 'held' else 'accepted' end,
                reason_code = case
                    when i.late is not null then i.reason_code
                    when i.phone is null and i.conversation like '%' || $4 then $5::jsonb->>'code' end,
                reason_args = case
                    when i.late is not null then i.reason_args
                    when i.phone is null and i.conversation like '%' || $4 then $5::jsonb->'args' end
            from due
            where i.location_id = due.location_id and i.id = due.id
            returning i.location_id, i.id, i.state
        )
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        select location_id, id, $1, state, $6::jsonb->>'code', $6::jsonb->'args'
        from expired
        "#,
        now,
        BATCH,
        PREFIX,
        LID_SERVER,
        Reason::from(Step::SenderHidden) as Reason,
        Reason::from(Step::NoContent) as Reason,
    )
    .execute(pool)
    .await?;
    Ok(expired.rows_affected())
}
