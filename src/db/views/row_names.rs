//! The names beside the ids of messages in the operator's lists: of sub-accounts, of agencies, of customers as far as GHL told.

use std::collections::HashMap;

use crate::db::connection::Pool;
use crate::db::views::messages;
use crate::db::views::messages::MessageRow;
use crate::model::ids::{CompanyId, LocationId, MessageId};

/// What GHL calls a location, and whose it is.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Its name.
    pub name: Option<String>,
    /// Its agency.
    pub company_id: Option<CompanyId>,
    /// The name of that.
    pub company_name: Option<String>,
}

/// The names of some messages.
#[derive(Clone, Debug, Default)]
pub struct RowNames {
    places: HashMap<LocationId, Place>,
    customers: HashMap<MessageId, String>,
}

impl RowNames {
    /// Reads those of these messages: two statements, whatever their number.
    pub async fn of(pool: &Pool, rows: &[MessageRow]) -> sqlx::Result<Self> {
        if rows.is_empty() {
            return Ok(Self::default());
        }
        let mut places: Vec<_> = rows.iter().map(|row| row.location_id.as_str()).collect();
        places.sort_unstable();
        places.dedup();
        Ok(Self {
            places: list_places(pool, &places).await?,
            customers: messages::list_customers(pool, rows).await?,
        })
    }

    /// The location's.
    #[must_use]
    pub fn place(&self, location: &LocationId) -> Option<&Place> {
        self.places.get(location)
    }

    /// The customer's of a message.
    #[must_use]
    pub fn customer(&self, message: MessageId) -> Option<&str> {
        self.customers.get(&message).map(String::as_str)
    }
}

/// What is known of these locations.
pub async fn list_places(
    pool: &Pool,
    locations: &[&str],
) -> sqlx::Result<HashMap<LocationId, Place>> {
    let found = sqlx::query!(
        r#"
        select place.id as "location_id!: LocationId",
            (select name from account_names where owner_id = place.id) as name,
            (select company_id from locations where location_id = place.id) as "company_id: CompanyId",
            (
                select n.name
                from locations l
                join account_names n on n.owner_id = l.company_id
                where l.location_id = place.id
            ) as company_name
        from unnest($1::text[]) as place (id)
        "#,
        locations as &[&str],
    )
    .fetch_all(pool)
    .await?;
    let place = found.into_iter().map(|row| {
        let place = Place {
            name: row.name,
            company_id: row.company_id,
            company_name: row.company_name,
        };
        (row.location_id, place)
    });
    Ok(place.collect())
}
