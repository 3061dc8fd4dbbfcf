//! Numbers that several locations have: Waapify reports to one address only, so the one that connected last gets what
//! comes, and the others must be told.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::{CompanyId, LocationId};

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

/// The other locations that have this number or this instance. `agency`: whose admin asks; only its own locations are
/// named to him.
pub async fn list_holders(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    instance_id: &str,
    agency: Option<&CompanyId>,
) -> sqlx::Result<Vec<Holder>> {
    sqlx::query_as!(
        Holder,
        r#"
        select n.location_id, n.number,
            case when l.company_id = $4 then coalesce(a.name, n.location_id) end as name
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
        agency.map(CompanyId::as_str),
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
