//! The moment in which a claimed message leaves: from then on a crash means an unknown outcome.

use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::db::outbound::OutboundJob;

/// Whom a message is sent to.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// All numbers (E.164 digits) of the phone, first the one that people dial.
    pub forms: &'a [String],
    /// The contact that the delivery names, which has this phone in GHL.
    pub contact: Option<&'a str>,
    /// The delivery names the user who sent it, which counts as long as GHL does not say who wrote it.
    pub has_sender: bool,
    /// It may leave whether or not the contact has opted out.
    pub is_exempt: bool,
}

impl Recipient<'_> {
    /// The same, for the one answer to a customer who opted out.
    #[must_use]
    pub const fn exempt(self) -> Self {
        Self {
            is_exempt: true,
            ..self
        }
    }
}

/// Records that the send of a claimed message starts now, and to which chat, so that its echo is recognised and a later
/// crash counts as an unknown outcome. False for a caller that has lost the claim, or where the contact has opted out and no
/// person wrote the message ([`crate::db::opt_outs::ending::find`]): it must not send.
///
/// The delivery's word about the contact of the phone counts, until a newer one; GHL is asked about it before a reply
/// goes there, because GHL's notices to staff name the customer's contact beside a member's phone.
///
/// Whatever becomes of it, the message does not wait for a turn among first contacts again: it may have left.
pub async fn mark_send_started(
    executor: impl PgExecutor<'_>,
    job: &OutboundJob,
    recipient: Recipient<'_>,
    parts: i32,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        r#"
        with leaving as (
            update outbound
            set chat = $4, parts = $5, started_attempt = attempt, crashed_attempts = 0, is_cold = false,
                waits_since = case when is_cold then $6 else waits_since end
            where location_id = $1 and id = $2 and attempt = $3 and state is not distinct from 'sending'
              and (
                $10 or source = 'app' or source = 'unknown' and $9
                -- As `opt_out_of` says it, which Postgres would plan anew at each send.
                or not exists (
                    select 1
                    from unnest($8 || array(select lid || '@lid' from lids where location_id = $1 and phone = any ($8)))
                        as form (phone)
                    -- Along the key: with `phone = form.phone` the planner could read a location's opt-outs one after the
                    -- other, because it does not know yet how many there will be.
                    cross join lateral (
                        select phone, word
                        from opt_outs
                        where location_id = $1 and phone >= form.phone
                        order by location_id, phone
                        limit 1
                    ) said
                    where said.phone = form.phone and said.word = 'stop'
                )
                and not exists (
                    select 1
                    from contact_dnd
                    where location_id = $1 and contact_id = outbound.conversation and is_active
                )
              )
            returning location_id, id, accepted_at
        ),
        told as (
            insert into contacts (location_id, phone, contact_id, learnt_at, learnt_by)
            select location_id, $4, $7, accepted_at, 'delivery'
            from leaving
            where $7::text is not null and not exists (
                select 1
                from contacts
                where location_id = $1 and phone = any($8) and contact_id = $7
            )
            on conflict (location_id, phone) do update set
                contact_id = excluded.contact_id,
                learnt_at = excluded.learnt_at,
                learnt_by = excluded.learnt_by,
                checked_at = null,
                conversation_id = null,
                name = null,
                name_asked_at = null
            where contacts.learnt_at is null or contacts.learnt_at <= excluded.learnt_at
        ),
        doubted as (
            -- The contact had another phone before.
            update contacts c
            set checked_at = null
            from leaving
            where c.location_id = $1 and c.contact_id = $7 and c.phone <> all($8) and c.checked_at is not null
        )
        insert into timeline (location_id, message_id, at, state)
        select location_id, id, $6, 'sending'
        from leaving
        "#,
        job.location_id.as_str(),
        job.id.0,
        job.attempt,
        recipient.forms.first(),
        parts,
        now,
        recipient.contact,
        recipient.forms,
        recipient.has_sender,
        recipient.is_exempt,
    )
    .execute(executor)
    .await?;
    Ok(noted.rows_affected() == 1)
}
