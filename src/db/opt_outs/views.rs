//! The newest words of a location's customers, for its page.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::LocationId;
use crate::model::opt_out::{OptOutState, OptOutWord};
use crate::model::reason::Reason;

/// A customer's last word.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The customer's number, digits; an address where it is hidden.
    pub phone: String,
    /// What GHL calls the contact.
    pub name: Option<String>,
    /// The word.
    pub word: OptOutWord,
    /// When it was said.
    pub said_at: OffsetDateTime,
    /// Whether GHL knows.
    pub state: OptOutState,
    /// What it waits for, or why GHL was not told.
    pub reason: Option<Reason>,
}

/// Rows on a page.
const SHOWN: i64 = 20;

/// The newest words of a location.
pub async fn list(pool: &Pool, location: &LocationId) -> sqlx::Result<Vec<Shown>> {
    sqlx::query_as!(
        Shown,
        r#"
        select p.phone, p.word, p.said_at, p.state, reason_of(p.reason_code, p.reason_args) as "reason: Reason",
            (select c.name from contacts c where c.location_id = p.location_id and c.phone = p.phone) as name
        from opt_outs p
        where p.location_id = $1
        order by p.said_at desc
        limit $2
        "#,
        location.as_str(),
        SHOWN,
    )
    .fetch_all(pool)
    .await
}
