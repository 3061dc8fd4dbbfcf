//! What each target was told. Replicas and restarts find here what is left to tell.

use time::{Duration, OffsetDateTime};

use crate::db::alerts::Turn;
use crate::db::connection::Pool;
use crate::db::history::incidents::Incident;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::Reason;
use crate::model::states::IncidentKind;
use crate::model::zone::Zone;

/// What has to last this long is told, so that a link that flickers tells nobody anything; an end, too.
pub const DEBOUNCE: Duration = Duration::minutes(2);
/// Told again after this time, while it lasts.
pub const REPEAT: Duration = Duration::days(1);
/// When one thing is told again, what was told before this time is told again with it: so there is one message a day,
/// however many things last.
const REPEAT_WITH_OTHERS: Duration = Duration::hours(12);
/// Things that one message counts. With more, the rest is told in the next one, a minute later.
const MOST: i64 = 500;

/// Where an incident stands for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It was not told yet.
    Begun,
    /// It lasts for another day.
    Lasts,
    /// It is over.
    Ended,
}

impl Stage {
    /// Its name in what is posted.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Lasts => "lasts",
            Self::Ended => "ended",
        }
    }
}

/// Something to tell.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where it stands.
    pub stage: Stage,
    /// The incident. Of one that has ended only its place, kind and beginning are known.
    pub incident: Incident,
    /// GHL's name of the sub-account, if known.
    pub location_name: Option<String>,
    /// Its agency.
    pub company_id: Option<CompanyId>,
    /// Its time zone; none for the service, and where GHL did not tell.
    pub zone: Option<Zone>,
}

/// What is left to tell: what began and lasts, what lasts for another day, what has ended. `company`: only its
/// sub-accounts. An incident about a channel is not told on that channel.
pub async fn list_due(
    pool: &Pool,
    turn: &Turn,
    company: Option<&CompanyId>,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Item>> {
    let rows = sqlx::query_file!(
        "src/db/alerts/due.sql",
        turn.channel.to_string(),
        company.map(CompanyId::as_str),
        now - DEBOUNCE,
        now - REPEAT,
        MOST,
        now - REPEAT_WITH_OTHERS,
    )
    .fetch_all(pool)
    .await?;
    let items = rows.into_iter().map(|row| Item {
        stage: match row.stage.as_str() {
            "ended" => Stage::Ended,
            "begun" => Stage::Begun,
            _ => Stage::Lasts,
        },
        incident: Incident {
            id: row.id,
            location_id: row.location_id,
            number: row.number,
            kind: row.kind,
            detail: row.detail,
            reason: row.reason,
            since: row.since,
            last_seen_at: row.last_seen_at,
        },
        location_name: row.location_name,
        company_id: row.company_id,
        zone: row.time_zone.and_then(|name| Zone::find(&name)),
    });
    Ok(items.collect())
}

/// Records what was told. Changes nothing for a caller that has lost the claim.
pub async fn record(
    pool: &Pool,
    turn: &Turn,
    items: &[Item],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (over, lasting): (Vec<&Item>, Vec<&Item>) =
        items.iter().partition(|item| item.stage == Stage::Ended);
    record_lasting(pool, turn, &lasting, now).await?;
    forget(pool, turn, &over).await
}

async fn record_lasting(
    pool: &Pool,
    turn: &Turn,
    items: &[&Item],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (locations, numbers, kinds, beginnings) = columns(items);
    sqlx::query!(
        r#"
        insert into alerts (channel, location_id, number, kind, since, told_at)
        select c.channel, t.location_id, t.number, t.kind, t.since, $7
        from alert_channels c
        cross join unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[]) as t (location_id, number, kind, since)
        where c.channel = $1 and c.lease_until = $2
        on conflict (channel, location_id, number, kind) do update set
            told_at = excluded.told_at,
            since = excluded.since
        "#,
        turn.channel.to_string(),
        turn.lease_ends_at,
        &locations,
        &numbers,
        &kinds,
        &beginnings,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

async fn forget(pool: &Pool, turn: &Turn, items: &[&Item]) -> sqlx::Result<()> {
    let (locations, numbers, kinds, _) = columns(items);
    sqlx::query!(
        r#"
        delete from alerts a
        using alert_channels c, unnest($3::text[], $4::text[], $5::text[]) as t (location_id, number, kind)
        where c.channel = $1
          and c.lease_until = $2
          and a.channel = c.channel
          and a.location_id = t.location_id
          and a.number = t.number
          and a.kind = t.kind
        "#,
        turn.channel.to_string(),
        turn.lease_ends_at,
        &locations,
        &numbers,
        &kinds,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

type Columns = (Vec<String>, Vec<String>, Vec<String>, Vec<OffsetDateTime>);

fn columns(items: &[&Item]) -> Columns {
    let mut columns = Columns::default();
    for item in items {
        let incident = &item.incident;
        columns.0.push(incident.location_id.to_string());
        columns.1.push(incident.number.clone());
        columns.2.push(incident.kind.as_str().to_owned());
        columns.3.push(incident.since);
    }
    columns
}
