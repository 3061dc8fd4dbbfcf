//! The names of people whom a message mentions, as far as they are known here.

use std::collections::HashMap;

use crate::db::connection::Pool;
use crate::model::ids::LocationId;

/// What is known of a mentioned person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The name in the phone's address book, or the one that the person uses on WhatsApp.
    pub name: Option<String>,
    /// The phone of a LID.
    pub phone: Option<String>,
}

/// What is known of the people with these addresses, each the digits of a phone or a LID.
pub async fn find(
    pool: &Pool,
    location: &LocationId,
    digits: &[&str],
) -> sqlx::Result<HashMap<String, Known>> {
    sqlx::query!(
        r#"
        select m.digits as "digits!",
            (
                select phone
                from lids
                where location_id = $1 and lid = m.digits
            ) as phone,
            coalesce(
                (
                    select name
                    from lids
                    where location_id = $1 and (lid = m.digits or phone = m.digits) and name is not null
                    limit 1
                ),
                -- The name under which the person wrote last.
                (
                    select sender_name
                    from inbound
                    where location_id = $1
                        and conversation = coalesce(
                            (
                                select phone
                                from lids
                                where location_id = $1 and lid = m.digits
                            ),
                            m.digits
                        )
                        and post_started_at is not null
                        and sender_name is not null
                    order by post_started_at desc
                    limit 1
                )
            ) as name
        from unnest($2::text[]) as m (digits)
        "#,
        location.as_str(),
        digits as &[&str],
    )
    .map(|row| {
        let known = Known {
            name: row.name,
            phone: row.phone,
        };
        (row.digits, known)
    })
    .fetch_all(pool)
    .await
    .map(|found| found.into_iter().collect())
}
