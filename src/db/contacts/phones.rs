//! The GHL contact of a phone, of a group, or of a sender without a phone: since when it is known, and how.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::contacts::lids::LID_SERVER;
use crate::model::ids::{ContactId, LocationId, MessageId};
use crate::model::states::ContactSource;

/// What is remembered about a phone.
#[derive(Clone, Debug)]
pub struct KnownContact {
    /// The contact.
    pub contact_id: ContactId,
    /// When GHL last said that it has this phone.
    pub checked_at: Option<OffsetDateTime>,
    /// GHL's conversation with it, once a message was posted.
    pub conversation_id: Option<String>,
}

/// A message of a contact, or of the business to them.
#[derive(Clone, Copy, Debug)]
pub struct Touch<'a> {
    /// When the contact wrote; none where the business wrote to them.
    pub wrote_at: Option<OffsetDateTime>,
    /// The business's number, digits.
    pub number: &'a str,
}

/// The contact that was last learnt for a phone, whose numbers are `forms` (digits), or for an address of a group or a
/// LID. It wrote, or was written to, as `touch` says; what it wrote before its last message changes nothing.
pub async fn find(
    pool: &Pool,
    location: &LocationId,
    forms: &[String],
    touch: Touch<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<KnownContact>> {
    sqlx::query_as!(
        KnownContact,
        r#"
        with found as (
            update contacts
            set wrote_at = greatest(wrote_at, $3),
                last_number = case
                    when ($3 is null or wrote_at is null or $3 >= wrote_at) and exists (
                        select 1
                        from numbers n
                        where n.location_id = $1 and n.webhook_secret is not null and not n.is_default
                    ) then $4
                    else last_number
                end
            where location_id = $1 and phone = any($2)
            returning contact_id, checked_at, learnt_at, conversation_id
        ),
        warmed as (
            -- They wrote: what waits for them, as for people who never wrote, waits no more, and its age begins.
            update outbound o
            set is_cold = false, waits_since = $5
            from found
            where $3::timestamptz is not null and o.location_id = $1 and o.conversation = found.contact_id
              and o.state = 'accepted' and o.is_cold
        )
        select contact_id, checked_at, conversation_id
        from found
        -- Older versions stored both numbers of a phone.
        order by learnt_at desc nulls last
        limit 1
        "#,
        location.as_str(),
        forms,
        touch.wrote_at,
        touch.number,
        now,
    )
    .fetch_optional(pool)
    .await
}

/// Stores the contact that GHL named for a phone, group or LID now; `touch` as for [`find`].
pub async fn save(
    pool: &Pool,
    location: &LocationId,
    phone: &str,
    contact: &ContactId,
    learnt_by: ContactSource,
    touch: Touch<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with stored as (
            insert into contacts (location_id, phone, contact_id, wrote_at, learnt_at, learnt_by, checked_at, last_number)
            values ($1, $2, $3, $4, $5, $6, $5, (
                select $7
                from numbers n
                where n.location_id = $1 and n.webhook_secret is not null and not n.is_default
                limit 1
            ))
            on conflict (location_id, phone) do update set
                contact_id = excluded.contact_id,
                wrote_at = greatest(contacts.wrote_at, excluded.wrote_at),
                last_number = case
                    when excluded.wrote_at < contacts.wrote_at then contacts.last_number
                    else coalesce(excluded.last_number, contacts.last_number)
                end,
                learnt_at = excluded.learnt_at,
                learnt_by = excluded.learnt_by,
                checked_at = excluded.checked_at,
                conversation_id = case
                    when contacts.contact_id = excluded.contact_id then contacts.conversation_id
                end,
                name = case when contacts.contact_id = excluded.contact_id then contacts.name end,
                name_asked_at = case
                    when contacts.contact_id = excluded.contact_id then contacts.name_asked_at
                end
            returning contact_id
        )
        -- As in `find`.
        update outbound o
        set is_cold = false, waits_since = $5
        from stored
        where $4::timestamptz is not null and o.location_id = $1 and o.conversation = stored.contact_id
          and o.state = 'accepted' and o.is_cold
        "#,
        location.as_str(),
        phone,
        contact.as_str(),
        touch.wrote_at,
        now,
        learnt_by as ContactSource,
        touch.number,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Longest name that is kept, in characters; a longer one is cut.
const MAX_NAME: usize = 200;

/// Stores what GHL calls a contact. What it does not tell any more stays.
pub async fn save_name(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    name: Option<&str>,
) -> sqlx::Result<()> {
    let shown = |c: &char| !c.is_control();
    let name: String = name
        .unwrap_or_default()
        .chars()
        .filter(shown)
        .take(MAX_NAME)
        .collect();
    if name.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        update contacts
        set name = $3
        where location_id = $1 and contact_id = $2 and name is distinct from $3
        "#,
        location.as_str(),
        contact.as_str(),
        name,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Stores GHL's conversation with a contact.
pub async fn save_conversation(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    conversation: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update contacts
        set conversation_id = $3
        where location_id = $1 and contact_id = $2
        "#,
        location.as_str(),
        contact.as_str(),
        conversation,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// GHL says now that the contact has this phone.
pub async fn confirm(
    pool: &Pool,
    location: &LocationId,
    forms: &[String],
    contact: &ContactId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update contacts
        set checked_at = $4
        where location_id = $1 and phone = any($2) and contact_id = $3
        "#,
        location.as_str(),
        forms,
        contact.as_str(),
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// GHL is to be asked whether the contact of a phone still has it.
pub async fn doubt(pool: &Pool, location: &LocationId, forms: &[String]) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update contacts
        set checked_at = null
        where location_id = $1 and phone = any($2)
        "#,
        location.as_str(),
        forms,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Deletes the contact of a phone, for the case that GHL does not have it any more.
pub async fn forget(pool: &Pool, location: &LocationId, forms: &[String]) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        delete from contacts
        where location_id = $1 and phone = any($2)
        "#,
        location.as_str(),
        forms,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The contact in which a sender was shown whose phone became known only now, for the line that tells people of it.
pub async fn find_beginning(
    pool: &Pool,
    location: &LocationId,
    address: &str,
) -> sqlx::Result<Option<ContactId>> {
    sqlx::query_scalar!(
        r#"
        select contact_id
        from contacts
        where location_id = $1 and phone = $2 and moved_at is null
        "#,
        location.as_str(),
        address,
    )
    .fetch_optional(pool)
    .await
}

/// Whether a contact is one in which a sender was shown before the phone became known.
pub async fn has_begun_in(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from contacts
            where location_id = $1 and contact_id = $2 and phone like '%' || $3
        ) as "has_begun!"
        "#,
        location.as_str(),
        contact.as_str(),
        LID_SERVER,
    )
    .fetch_one(pool)
    .await
}

/// The conversation of such a contact goes on in the phone's contact, which says so.
pub async fn mark_moved(
    pool: &Pool,
    location: &LocationId,
    address: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update contacts
        set moved_at = $3
        where location_id = $1 and phone = $2
        "#,
        location.as_str(),
        address,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// A contact of ours that has no phone in GHL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithoutPhone {
    /// A group's.
    Group,
    /// A sender's whose phone is not known: the address of the chat, a LID.
    Hidden(String),
    /// A sender's whose phone became known: its conversation goes on in another contact.
    Moved,
}

/// Which contact without a phone a message from GHL is for.
pub async fn find_addressee(
    pool: &Pool,
    location: &LocationId,
    message: MessageId,
) -> sqlx::Result<Option<WithoutPhone>> {
    let found = sqlx::query!(
        r#"
        select c.phone, c.moved_at is not null as "is_moved!"
        from outbound o
        join contacts c on c.location_id = o.location_id and c.contact_id = o.conversation
        where o.location_id = $1 and o.id = $2 and c.phone like '%@%'
        limit 1
        "#,
        location.as_str(),
        message.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map(
        |row| match (row.phone.ends_with(LID_SERVER), row.is_moved) {
            (false, _) => WithoutPhone::Group,
            (true, false) => WithoutPhone::Hidden(row.phone),
            (true, true) => WithoutPhone::Moved,
        },
    ))
}
