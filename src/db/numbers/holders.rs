//! Numbers that several locations have: Waapify reports to one address only, so the one that connected last gets what
//! comes, and the others must be told.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::history::incidents::Incident;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::states::IncidentKind;

/// Who asks, which decides whose names are told.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// The operator, who may know all.
    Operator,
    /// An agency's admin, who may know its own locations.
    Agency(&'a CompanyId),
    /// Anybody else.
    Stranger,
}

impl<'a> Asker<'a> {
    /// Whoever may know the locations of this agency.
    #[must_use]
    pub fn of(agency: Option<&'a CompanyId>) -> Self {
        agency.map_or(Self::Stranger, Self::Agency)
    }

    const fn is_operator(self) -> bool {
        matches!(self, Self::Operator)
    }

    fn company(self) -> Option<&'a str> {
        match self {
            Self::Agency(company) => Some(company.as_str()),
            Self::Operator | Self::Stranger => None,
        }
    }
}

/// Another location's number, connected to the same phone or instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Whose it is.
    pub location_id: LocationId,
    /// E.164 digits: another number where only the instance is the same.
    pub number: String,
    /// What GHL calls the location, for whoever may know it.
    pub name: Option<String>,
}

/// The other locations that have this number or this instance.
pub async fn list_holders(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    instance_id: &str,
    asker: Asker<'_>,
) -> sqlx::Result<Vec<Holder>> {
    sqlx::query_as!(
        Holder,
        r#"
        select n.location_id, n.number,
            case when $5 or l.company_id = $4 then coalesce(a.name, n.location_id) end as name
        from numbers n
        join locations l on l.location_id = n.location_id
        left join account_names a on a.owner_id = n.location_id
        where n.location_id <> $1
          and (n.number = $2 or n.instance_id = $3)
          and n.webhook_secret is not null
        order by n.location_id, n.number
        "#,
        location.as_str(),
        number,
        instance_id,
        asker.company(),
        asker.is_operator(),
    )
    .fetch_all(pool)
    .await
}

/// Whether another location has connected this number or this instance later.
pub async fn is_taken(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    instance_id: &str,
    connected_at: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from numbers
            where location_id <> $1
              and (number = $2 or instance_id = $3)
              and webhook_secret is not null
              and connected_at > $4
        ) as "is_taken!"
        "#,
        location.as_str(),
        number,
        instance_id,
        connected_at,
    )
    .fetch_one(pool)
    .await
}

/// Which location has taken a number over, for each of these incidents that tells so, by the incident's id: its name and id, where
/// the asker may know it.
pub async fn name_takers(
    pool: &Pool,
    incidents: &[Incident],
    asker: Asker<'_>,
) -> sqlx::Result<BTreeMap<i64, String>> {
    let taken: Vec<_> = incidents
        .iter()
        .filter(|one| one.kind == IncidentKind::Taken)
        .collect();
    if taken.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<_> = taken.iter().map(|one| one.id).collect();
    let locations: Vec<_> = taken.iter().map(|one| one.location_id.as_str()).collect();
    let numbers: Vec<_> = taken.iter().map(|one| one.number.as_str()).collect();
    let found = sqlx::query!(
        r#"
        select k.id as "id!", t.location_id, (select name from account_names where owner_id = t.location_id) as name
        from unnest($1::bigint[], $2::text[], $3::text[]) as k (id, location_id, number)
        join numbers own on own.location_id = k.location_id and own.number = k.number
        cross join lateral (
            select n.location_id
            from numbers n
            where n.location_id <> own.location_id
                and (n.number = own.number or n.instance_id = own.instance_id)
                and n.webhook_secret is not null
                and n.connected_at > own.connected_at
            order by n.connected_at desc
            limit 1
        ) t
        join locations l on l.location_id = t.location_id
        where $4 or l.company_id = $5
        "#,
        &ids,
        &locations as &[&str],
        &numbers as &[&str],
        asker.is_operator(),
        asker.company(),
    )
    .fetch_all(pool)
    .await?;
    let named = found.into_iter().map(|row| {
        let id = row.location_id;
        let name = row
            .name
            .map_or_else(|| id.to_string(), |name| format!("{name} ({id})"));
        (row.id, name)
    });
    Ok(named.collect())
}
