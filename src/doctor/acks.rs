//! Whether WhatsApp confirms what a number sends. One that sends and gets no answer, or one refusal after the other, may
//! have been restricted by WhatsApp, which says so on the phone only.

use std::collections::HashSet;

use time::Duration;

use crate::db::history::acks;
use crate::db::history::acks::{CONFIRMED, LAST_SENDS, LastSend, RESTRICTED_CODE};
use crate::db::history::health_facts::{ECHO_WAIT, NumberHealth};
use crate::doctor::Doctor;
use crate::model::ids::LocationId;

/// Age of the sends that count. Phones that are off at night are on within it, and a restriction lasts as long.
const RECENT: Duration = Duration::hours(24);
/// Refusals in a row, among the sends that WhatsApp said anything about: one can be for a number without WhatsApp, and
/// one more chance.
const REFUSALS: usize = 3;
/// Unconfirmed sends in a row that are enough if they went to several people, whose phones are not all off.
const UNCONFIRMED: usize = 5;
/// Those people.
const PEOPLE: usize = 3;

/// Why a number seems to be restricted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// WhatsApp confirms none of its last messages, though it confirms those of other numbers.
    NoAcks,
    /// WhatsApp refuses its messages with the code of a restriction.
    Refused,
}

impl Restriction {
    /// Its name in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoAcks => "no_acks",
            Self::Refused => "refused",
        }
    }

    /// The restriction that [`Restriction::code`] names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::NoAcks, Self::Refused]
            .into_iter()
            .find(|restriction| restriction.code() == code)
    }
}

/// What WhatsApp's answers to the last sends of a number show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// The number seems to be restricted.
    Missing(Restriction),
    /// WhatsApp confirms its messages.
    Come,
    /// Nothing: it sent little of late, or no other number shows that confirmations come at all.
    NotKnown,
}

impl Doctor {
    /// What WhatsApp's answers to the last sends of a number show.
    pub async fn find_acks(
        &self,
        location: &LocationId,
        number: &NumberHealth,
    ) -> sqlx::Result<Acks> {
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        let since = number.connected_at.max(now - RECENT);
        let settled = now - ECHO_WAIT;
        let sends = acks::list_last_sends(pool, location, &number.number, since, settled).await?;
        if are_refused(&sends) {
            return Ok(Acks::Missing(Restriction::Refused));
        }
        let unconfirmed = unconfirmed(&sends);
        let Some(first) = unconfirmed.last().filter(|_| are_many(&unconfirmed)) else {
            let come = sends.iter().any(is_confirmed);
            return Ok(if come { Acks::Come } else { Acks::NotKnown });
        };
        // A gateway that reports nothing, or nothing about any number, says nothing about this one.
        let is_heard = number.unheard_since.is_none();
        if is_heard && acks::are_others_confirmed(pool, &number.number, first.sent_at).await? {
            return Ok(Acks::Missing(Restriction::NoAcks));
        }
        Ok(Acks::NotKnown)
    }
}

fn is_confirmed(send: &LastSend) -> bool {
    send.level >= CONFIRMED && send.refused.is_none()
}

/// Whether the last sends that WhatsApp said anything about were refused as those of a restricted number.
fn are_refused(sends: &[LastSend]) -> bool {
    let answered = sends
        .iter()
        .filter(|send| is_confirmed(send) || send.refused.is_some());
    let last: Vec<_> = answered.take(REFUSALS).collect();
    let is_refused = |send: &&LastSend| send.refused.as_deref() == Some(RESTRICTED_CODE);
    last.len() == REFUSALS && last.iter().all(is_refused)
}

/// The newest sends before the newest confirmed one, without those that were refused.
fn unconfirmed(sends: &[LastSend]) -> Vec<&LastSend> {
    let not_refused = sends.iter().filter(|send| send.refused.is_none());
    not_refused.take_while(|send| !is_confirmed(send)).collect()
}

/// Whether so many sends without an answer are no chance. Those to one person alone may wait for a phone that is off.
fn are_many(unconfirmed: &[&LastSend]) -> bool {
    let people: HashSet<_> = unconfirmed.iter().map(|send| &send.chat).collect();
    let all = usize::try_from(LAST_SENDS).unwrap_or(usize::MAX);
    unconfirmed.len() >= all || unconfirmed.len() >= UNCONFIRMED && people.len() >= PEOPLE
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn send(chat: &str, level: i32, refused: Option<&str>) -> LastSend {
        LastSend {
            chat: Some(chat.to_owned()),
            level,
            refused: refused.map(str::to_owned),
            sent_at: datetime!(2026-11-28 12:00 UTC),
        }
    }

    #[test]
    fn only_refusals_in_a_row_count_and_silence_between_them_does_not_end_the_row() {
        let no = || send("a", 0, Some("463"));
        let (silent, read) = (send("a", 0, None), send("a", 4, None));
        assert!(are_refused(&[no(), no(), no()]));
        assert!(are_refused(&[
            no(),
            silent.clone(),
            no(),
            no(),
            read.clone()
        ]));
        assert!(!are_refused(&[no(), no()]));
        assert!(!are_refused(&[no(), no(), read, no()]));
        assert!(!are_refused(&[no(), no(), send("a", 0, Some("479"))]));
        assert!(!are_refused(&[silent]));
        assert!(!are_refused(&[]));
    }

    #[test]
    fn a_few_phones_that_are_off_are_no_restriction() {
        let sends = |chats: &[&str]| -> Vec<LastSend> {
            chats.iter().map(|chat| send(chat, 1, None)).collect()
        };
        let many = |sends: &[LastSend]| are_many(&unconfirmed(sends));
        assert!(many(&sends(&["a", "b", "c", "a", "b"])));
        assert!(!many(&sends(&["a", "b", "c", "a"])));
        assert!(!many(&sends(&["a"; 9])));
        assert!(many(&sends(&["a"; 10])));
        let mut late = sends(&["a", "b", "c", "a", "b"]);
        late[2].level = 3;
        assert!(!many(&late));
    }
}
