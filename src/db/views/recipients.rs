//! To whom a message goes that was not planned yet, or failed without a try: as GHL's delivery names them.
//!
//! Reads the deliveries of the messages on one page, and nothing of them but the phone.

use std::collections::HashMap;

use whatsapp_events::json::{pick, scalar};

use crate::db::connection::Pool;
use crate::model::ids::{LocationId, MessageId};
use crate::model::written_phone::{country_of, main_number, readings_of_digits};

/// Digits that are shown.
const SHOWN_DIGITS: usize = 4;

/// The last digits of the customers of these messages (location and id), as far as their deliveries name them.
pub(super) async fn find_ends(
    pool: &Pool,
    keys: &[(&str, MessageId)],
) -> sqlx::Result<HashMap<MessageId, String>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let written = find_written(pool, keys).await?;
    let end = |one: Written| {
        let number = one
            .number()
            .or_else(|| readings_of_digits(&one.phone).pop());
        let number = number.filter(|digits| !digits.is_empty())?;
        let begin = number.len().saturating_sub(SHOWN_DIGITS);
        Some((one.message, number.get(begin..)?.to_owned()))
    };
    Ok(written.into_iter().filter_map(end).collect())
}

/// The customer's number of a message for people: with a plus where it is whole, else as the contact has it. None where the
/// delivery names none.
pub async fn find_written_phone(
    pool: &Pool,
    location: &LocationId,
    message: MessageId,
) -> sqlx::Result<Option<String>> {
    let key = (location.as_str(), message);
    let written = find_written(pool, &[key]).await?.pop();
    Ok(written.and_then(|one| match one.number() {
        Some(number) => Some(format!("+{number}")),
        None => Some(one.phone).filter(|phone| phone.contains(|c: char| c.is_numeric())),
    }))
}

/// What a delivery says.
struct Written {
    message: MessageId,
    /// The contact's phone, as it is written in GHL.
    phone: String,
    /// The business's number, in whose country it is read.
    own_number: Option<String>,
}

impl Written {
    /// The digits of the whole number, as the message would be sent to it.
    fn number(&self) -> Option<String> {
        main_number(&self.phone, self.own_number.as_deref().and_then(country_of))
    }
}

async fn find_written(pool: &Pool, keys: &[(&str, MessageId)]) -> sqlx::Result<Vec<Written>> {
    let (locations, ids): (Vec<_>, Vec<_>) = keys.iter().map(|(place, id)| (*place, id.0)).unzip();
    let found = sqlx::query!(
        r#"
        select o.id as "id: MessageId", o.body,
            coalesce(
                o.number,
                (select n.number from numbers n where n.location_id = o.location_id and n.is_default)
            ) as own_number
        from unnest($1::text[], $2::bigint[]) as k (location_id, id)
        join outbound o on o.location_id = k.location_id and o.id = k.id
        "#,
        &locations as &[&str],
        &ids,
    )
    .fetch_all(pool)
    .await?;
    let written = found.into_iter().map(|row| Written {
        message: row.id,
        phone: phone_in(&row.body),
        own_number: row.own_number,
    });
    Ok(written.collect())
}

/// The phone in a delivery; empty where it names none.
fn phone_in(body: &[u8]) -> String {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let [phone] = pick(text, ["phone"]);
    scalar(phone).trim().to_owned()
}
