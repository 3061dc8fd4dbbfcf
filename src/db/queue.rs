//! What the queues in tables share: the key of a claimed row, and the end of its lease.
//!
//! Every queue has a moment `due_at` and a counter `attempt`. A claim raises `attempt` and moves `due_at` to the end of its
//! lease; whoever claims next raises `attempt` again, so that the first owner, should it still run, changes nothing any
//! more. What an outcome changes besides differs from queue to queue, and is in the folder of each.

use crate::model::ids::LocationId;

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

/// Moves the end of the leases of claims that are still held: to now, which gives their jobs back. `$held` is the
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
        .map(|_| ())
    }};
}

pub(in crate::db) use claimed;
pub(in crate::db) use set_due;
