//! Replays of many: what would be sent again, what may have arrived, and what would only fail in the same way. The operator's
//! page and the command use the same.

use std::collections::{BTreeMap, HashMap};

use crate::db::connection::Pool;
use crate::db::replays::{has_number, list_current};
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
    /// Those that may end differently, and have not arrived.
    pub again: Vec<MessageRow>,
    /// Those that may have arrived: sent again, somebody may read them twice.
    pub unsure: Vec<MessageRow>,
    /// Those that could only fail in the same way again.
    pub hopeless: Vec<MessageRow>,
    /// Those of locations that have uninstalled the app.
    pub uninstalled: Vec<MessageRow>,
    /// There are more than were asked for.
    pub has_more: bool,
}

/// Finds the oldest of them, until `limit` of one kind can be sent again.
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
        let fates = find_fates(pool, &rows).await?;
        for row in rows {
            let fate = match fates.get(&row.id) {
                Some(Fate::Uninstalled) => Fate::Uninstalled,
                _ if !senders.may_help(pool, &row).await? => Fate::Hopeless,
                Some(fate) => *fate,
                // It is gone since the page was read.
                None => continue,
            };
            let kind = found.of(fate);
            if matches!(fate, Fate::Again | Fate::Unsure) && kind.len() >= limit {
                found.has_more = true;
                return Ok(found);
            }
            kind.push(row);
        }
    }
}

/// What a replay would do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Again,
    Unsure,
    Hopeless,
    Uninstalled,
}

impl Found {
    const fn of(&mut self, fate: Fate) -> &mut Vec<MessageRow> {
        match fate {
            Fate::Again => &mut self.again,
            Fate::Unsure => &mut self.unsure,
            Fate::Hopeless => &mut self.hopeless,
            Fate::Uninstalled => &mut self.uninstalled,
        }
    }
}

/// What a replay would find out about each of these messages: one statement for each location and direction.
async fn find_fates(pool: &Pool, rows: &[MessageRow]) -> sqlx::Result<HashMap<MessageId, Fate>> {
    let mut places: BTreeMap<(&str, bool), (&MessageRow, Vec<i64>)> = BTreeMap::new();
    for row in rows {
        let key = (
            row.location_id.as_str(),
            row.direction == Direction::Inbound,
        );
        let (_, ids) = places.entry(key).or_insert((row, Vec::new()));
        ids.push(row.id.0);
    }
    let mut fates = HashMap::new();
    for (one, ids) in places.into_values() {
        let current = list_current(pool, &one.location_id, one.direction, &ids).await?;
        fates.extend(current.into_iter().map(|current| {
            let fate = match current.may_have_arrived(one.direction) {
                _ if current.is_uninstalled => Fate::Uninstalled,
                Some(_) => Fate::Unsure,
                None => Fate::Again,
            };
            (current.id, fate)
        }));
    }
    Ok(fates)
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
