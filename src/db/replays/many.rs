//! Replays of many: what would be sent again, and what would only fail in the same way. The operator's page and the command
//! use the same.

use crate::db::connection::Pool;
use crate::db::views::failures::Scope;
use crate::db::views::messages::MessageRow;
use crate::model::ids::MessageId;
use crate::model::reason::Remedy;

/// Messages that one statement reads.
const PAGE: i64 = 500;

/// Failed messages, the oldest first.
#[derive(Debug, Default)]
pub struct Found {
    /// Those that may end differently.
    pub again: Vec<MessageRow>,
    /// Those that could only fail in the same way again.
    pub hopeless: Vec<MessageRow>,
    /// There are more than were asked for.
    pub has_more: bool,
}

/// Finds the oldest of them, until `limit` can be sent again.
pub async fn find(pool: &Pool, scope: &Scope, limit: usize) -> sqlx::Result<Found> {
    let mut found = Found::default();
    let mut after = MessageId(-1);
    loop {
        let rows = scope.list_oldest(pool, after, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(found);
        };
        after = last.id;
        for row in rows {
            if row.remedy() != Some(Remedy::SendAgain) {
                found.hopeless.push(row);
            } else if found.again.len() < limit {
                found.again.push(row);
            } else {
                found.has_more = true;
                return Ok(found);
            }
        }
    }
}
