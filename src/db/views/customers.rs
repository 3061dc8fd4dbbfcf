//! Finds customers of all locations by name and by number, for the operator's search.
//!
//! Reads along `contacts_by_plain_name` and `contacts_by_phone`. It must not read a message, or more of a customer's number than its
//! last four digits.

use crate::db::connection::Pool;
use crate::db::views::messages;
use crate::db::views::messages::MessageRow;
use crate::db::views::overview::WINDOW;
use crate::model::ids::{ContactId, LocationId, MessageId};

/// Signs that separate the words of a name, as `contacts_by_plain_name` does.
const SEPARATORS: &str = "().,;:/&\"'-_";
/// Of a frequent name so many are read, and the latest of them shown.
const MAX_READ: i64 = 200;
/// Without statistics Postgres may take a name for so frequent that it reads the table from its beginning. (Unchecked text: it
/// has no table, row or parameter to check.)
const BY_INDEX: &str = "set local enable_seqscan = off";

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Of which location.
    pub location_id: LocationId,
    /// GHL's contact.
    pub contact_id: ContactId,
    /// What GHL calls the contact.
    pub name: Option<String>,
    /// Last digits of the number, where it is known.
    pub chat_end: Option<String>,
}

/// Customers each word of whose names begins one of these words, in any order. None for a text without a letter.
pub async fn find_by_name(pool: &Pool, text: &str, limit: i64) -> sqlx::Result<Vec<Customer>> {
    let Some(query) = words_query(text) else {
        return Ok(Vec::new());
    };
    let mut tx = pool.begin().await?;
    sqlx::query(BY_INDEX).execute(&mut *tx).await?;
    let found = sqlx::query_as!(
        Customer,
        r#"
        select location_id as "location_id!: LocationId", contact_id as "contact_id!: ContactId", name,
            case when phone ~ '^[0-9]+$' then right(phone, 4) end as chat_end
        from (
            -- Who was noted without a phone before it was known is one customer.
            select distinct on (location_id, contact_id) *
            from (
            select *
            from contacts
            where array_to_tsvector(array_remove(string_to_array(
                    translate(plain_text(name), '().,;:/&"''-_', '            '), ' '), '')) @@ plain_text($1)::tsquery
            limit $2
            ) found
            order by location_id, contact_id, phone !~ '^[0-9]+$', learnt_at desc nulls last
        ) c
        order by coalesce(wrote_at, learnt_at) desc nulls last
        limit $3
        "#,
        query,
        MAX_READ,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.rollback().await?;
    Ok(found)
}

/// Customers with one of these numbers (E.164 digits).
pub async fn find_by_number(
    pool: &Pool,
    numbers: &[String],
    limit: i64,
) -> sqlx::Result<Vec<Customer>> {
    sqlx::query_as!(
        Customer,
        r#"
        select c.location_id as "location_id!: LocationId", c.contact_id as "contact_id!: ContactId", c.name,
            right(c.phone, 4) as chat_end
        from unnest($1::text[]) as n (phone)
        -- Number by number: all at once, a plan for an empty table reads it along its primary key.
        cross join lateral (
            select *
            from contacts
            where phone = n.phone
            order by phone
            limit $2
        ) c
        limit $2
        "#,
        numbers,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Connected numbers of the service, one for each beginning: their countries are those in which people write numbers.
pub async fn list_own_numbers(pool: &Pool) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"
        select distinct on (left(number, 3)) number
        from numbers
        where webhook_secret is not null
        order by left(number, 3)
        "#,
    )
    .fetch_all(pool)
    .await
}

/// The messages with a contact before `before`, newest first, among the newest [`WINDOW`] of each direction of its location.
pub async fn list_messages(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    before: MessageId,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    let rows = sqlx::query_as!(
        MessageRow,
        r#"
        select direction as "direction!", location_id as "location_id!", id as "id!", state as "state!", reason, number,
            chat_end, ghl_message_id, parts_sent, parts, accepted_at as "accepted_at!"
        from messages
        where location_id = $1 and not is_echo
            and id = any(array(
                select id
                from (
                    (
                        select id, conversation = $3 as is_theirs
                        from outbound
                        where location_id = $1 and id < $2
                        order by id desc
                        limit $5
                    )
                    union all
                    (
                        select id, conversation in (
                            select phone
                            from contacts
                            where location_id = $1 and contact_id = $3
                        )
                        from inbound
                        where location_id = $1 and id < $2
                        order by id desc
                        limit $5
                    )
                ) m
                where is_theirs
                order by id desc
                limit $4
            ))
        order by id desc
        limit $4
        "#,
        location.as_str(),
        before.0,
        contact.as_str(),
        limit,
        WINDOW,
    )
    .fetch_all(pool)
    .await?;
    messages::with_ends(pool, rows).await
}

/// The query of a text search for names with words that begin so.
fn words_query(text: &str) -> Option<String> {
    if !text.contains(char::is_alphabetic) {
        return None;
    }
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || SEPARATORS.contains(c));
    let words = words.filter(|word| !word.is_empty());
    // What would be a sign of the query is a letter. (A quote separates words.)
    let words: Vec<_> = words
        .map(|word| format!("'{}':*", word.replace('\\', "\\\\")))
        .collect();
    (!words.is_empty()).then(|| words.join(" & "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_the_words_of_a_text_and_no_sign_of_its_own() {
        for (text, query) in [
            ("Siti  binti Ali", Some("'Siti':* & 'binti':* & 'Ali':*")),
            ("O'Brien (pejabat)", Some("'O':* & 'Brien':* & 'pejabat':*")),
            (
                "a\\b & !c | <d>",
                Some("'a\\\\b':* & '!c':* & '|':* & '<d>':*"),
            ),
            ("012-345 6789", None),
            ("''", None),
        ] {
            assert_eq!(words_query(text).as_deref(), query, "{text}");
        }
    }
}
