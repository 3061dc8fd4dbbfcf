//! Replays of many: what would be sent again, and what would only fail in the same way. The operator's page and the command
//! use the same.

use std::collections::HashMap;

use crate::db::connection::Pool;
use crate::db::replays::has_number;
use crate::db::views::failures::Scope;
use crate::db::views::messages::MessageRow;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Remedy;
use crate::model::states::Direction;

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
    let mut senders = Senders::default();
    loop {
        let rows = scope.list_oldest(pool, after, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(found);
        };
        after = last.id;
        for row in rows {
            if !senders.may_help(pool, &row).await? {
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

/// Which locations have a number: each is asked for once.
#[derive(Default)]
struct Senders(HashMap<LocationId, bool>);

impl Senders {
    /// Whether a message may end differently when it is sent again.
    async fn may_help(&mut self, pool: &Pool, row: &MessageRow) -> sqlx::Result<bool> {
        if row.remedy() != Some(Remedy::SendAgain) {
            return Ok(false);
        }
        if row.direction == Direction::Inbound {
            return Ok(true);
        }
        if let Some(known) = self.0.get(&row.location_id) {
            return Ok(*known);
        }
        let has_number = has_number(pool, &row.location_id).await?;
        self.0.insert(row.location_id.clone(), has_number);
        Ok(has_number)
    }
}
