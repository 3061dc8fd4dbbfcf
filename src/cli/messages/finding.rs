//! Which messages a command is about: time and reason as a person gives them, and the pages that are read for them.

use anyhow::bail;
use time::OffsetDateTime;

use crate::cli::moment::Moment;
use crate::db::connection::Pool;
use crate::db::views::locations;
use crate::db::views::messages::MessageRow;
use crate::db::views::search;
use crate::db::views::search::Search;
use crate::model::ids::LocationId;

/// Messages that one statement reads. Of each location at most so many are sorted, and an operator has hundreds.
const PAGE: usize = 500;

/// When messages arrived.
#[derive(Debug, clap::Args)]
pub(super) struct Period {
    /// Only those that arrived then or later: so long ago (30m, 2h, 3d, 1w), or a time (2026-11-27, "2026-11-27 14:00",
    /// 2026-11-27T14:00:00+08:00); local, where it names no zone
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    since: Option<Moment>,
    /// Only those that arrived before
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    until: Option<Moment>,
}

impl Period {
    /// Adds the period to a search.
    pub(super) fn narrow(&self, search: Search, now: OffsetDateTime) -> anyhow::Result<Search> {
        let (since, until) = self.resolve(now)?;
        Ok(Search {
            since,
            until,
            ..search
        })
    }

    /// Its beginning and its end.
    pub(super) fn resolve(
        &self,
        now: OffsetDateTime,
    ) -> anyhow::Result<(Option<OffsetDateTime>, Option<OffsetDateTime>)> {
        let resolve = |moment: &Option<Moment>| {
            let moment = moment.as_ref().map(|moment| moment.resolve(now));
            moment.transpose()
        };
        Ok((resolve(&self.since)?, resolve(&self.until)?))
    }
}

/// Whether a location that was named exists.
///
/// # Errors
/// When it does not: an empty answer would look as if all were well there.
pub(super) async fn check_location(
    pool: &Pool,
    location: Option<&LocationId>,
) -> anyhow::Result<()> {
    if let Some(location) = location
        && locations::find_location(pool, location).await?.is_none()
    {
        bail!("there is no location {location}; `installs` lists them");
    }
    Ok(())
}

/// The newest messages that fit, newest first, at most `limit`. `reason`: its own code, or the one that GHL gets for it.
pub(super) async fn find(
    pool: &Pool,
    search: &Search,
    reason: Option<&str>,
    limit: usize,
) -> sqlx::Result<Vec<MessageRow>> {
    let scope = search::find_scope(pool, search).await?;
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let page = match reason {
            Some(_) => PAGE,
            None => PAGE.min(limit - found.len()),
        };
        let size = i64::try_from(page).unwrap_or(i64::MAX);
        let rows = search::list_messages(pool, &scope, search, before, size).await?;
        let is_last = rows.len() < page;
        before = rows.last().map(|row| row.id);
        let fitting = rows.into_iter().filter(|row| fits(row, reason));
        found.extend(fitting.take(limit - found.len()));
        if is_last || found.len() == limit {
            return Ok(found);
        }
    }
}

fn fits(row: &MessageRow, wanted: Option<&str>) -> bool {
    match (wanted, &row.reason) {
        (None, _) => true,
        (Some(wanted), Some(reason)) => reason.code() == wanted || reason.error_code() == wanted,
        (Some(_), None) => false,
    }
}
