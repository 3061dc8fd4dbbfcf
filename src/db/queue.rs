//! What the queues in tables share: the key of a claimed row, and the end of its lease.
//!
//! Every queue has a moment `due_at` and a counter `attempt`. A claim raises `attempt` and moves `due_at` to the end of its
//! lease; the next claim raises `attempt` again, so that the first owner, should it still run, changes nothing any
//! more. What an outcome changes besides differs from queue to queue, and is in the folder of each.

use std::collections::BTreeMap;

use crate::model::ids::LocationId;

/// How much a claim may take, and how much of it of each holder: of a number where a worker shares its jobs among
/// numbers, of a location elsewhere.
#[derive(Clone, Debug)]
pub struct Capacity {
    /// Jobs in total.
    pub limit: i64,
    /// Jobs of a holder that is not in `left`.
    pub share: i64,
    /// Jobs that others may still take, by [`location_key`] or [`number_key`]; 0 for a holder whose share is running.
    pub left: BTreeMap<String, i64>,
    /// Any number, by chance: where in the order of their conversations a location's messages are looked for when those
    /// that come first have to wait.
    pub place: usize,
}

impl Capacity {
    /// The holders as a JSON object, because a claim looks up each that it meets.
    pub(in crate::db) fn left_json(&self) -> String {
        serde_json::to_string(&self.left).unwrap_or_else(|_| "{}".to_owned())
    }

    /// `place` as the beginning of a conversation's id in this alphabet.
    pub(in crate::db) fn place_among(&self, alphabet: &[u8]) -> String {
        let at = |place: usize| alphabet.get(place % alphabet.len()).copied();
        let digits = [at(self.place), at(self.place / alphabet.len())];
        digits.into_iter().flatten().map(char::from).collect()
    }
}

/// Capacity for this many jobs, of whomever.
impl From<i64> for Capacity {
    fn from(limit: i64) -> Self {
        Self {
            limit,
            share: limit,
            left: BTreeMap::new(),
            place: 0,
        }
    }
}

/// A location as a holder of jobs.
#[must_use]
pub fn location_key(location: &LocationId) -> String {
    location.as_str().to_owned()
}

/// A number as a holder of jobs. Statements put it together in the same way.
#[must_use]
pub fn number_key(location: &LocationId, number: &str) -> String {
    format!("{} {number}", location.as_str())
}

/// A claimed row.
pub trait Claimed {
    /// Its location; none where the key has none.
    fn location(&self) -> Option<&LocationId>;
    /// Its id within the location.
    fn id(&self) -> i64;
    /// The attempt of the claim.
    fn attempt(&self) -> i32;
}

/// Keys of claimed rows as columns, for `unnest`.
#[derive(Debug, Default)]
pub(in crate::db) struct Claims<'a> {
    /// Of each row its location.
    pub locations: Vec<&'a str>,
    /// Of each row its id.
    pub ids: Vec<i64>,
    /// Of each row the attempt of its claim.
    pub attempts: Vec<i32>,
}

impl<'a> Claims<'a> {
    /// The keys of these jobs.
    pub fn of<J: Claimed + 'a>(jobs: impl IntoIterator<Item = &'a J>) -> Self {
        let mut claims = Self::default();
        for job in jobs {
            claims
                .locations
                .push(job.location().map_or("", LocationId::as_str));
            claims.ids.push(job.id());
            claims.attempts.push(job.attempt());
        }
        claims
    }
}

/// Implements [`Claimed`] by the names of a job's fields.
macro_rules! claimed {
    ($job:ty, $id:ident $(. $inner:tt)?, in $location:ident) => {
        impl $crate::db::queue::Claimed for $job {
            fn location(&self) -> Option<&$crate::model::ids::LocationId> {
                Some(&self.$location)
            }

            fn id(&self) -> i64 {
                self.$id $(. $inner)?
            }

            fn attempt(&self) -> i32 {
                self.attempt
            }
        }
    };
}

/// Moves the end of the leases of claims that are still held: to now, which gives their jobs back, or further away, which
/// keeps them. Returns how many were still held. `$held` is the
/// condition, between the table `q` and the claims `c`, that finds a row and says that its claim has not ended.
macro_rules! set_due {
    ($pool:expr, $jobs:expr, $due:expr, $table:literal, $held:literal) => {{
        let claims = $crate::db::queue::Claims::of($jobs);
        sqlx::query!(
            "update " + $table + " q set due_at = $4 "
                + "from unnest($1::text[], $2::bigint[], $3::int[]) as c (location_id, id, attempt) "
                + "where q.attempt = c.attempt and " + $held,
            &claims.locations as &[&str],
            &claims.ids,
            &claims.attempts,
            $due,
        )
        .execute($pool)
        .await
        .map(|moved| moved.rows_affected())
    }};
}

pub(in crate::db) use claimed;
pub(in crate::db) use set_due;
