//! The sub-accounts of one agency, page by page, as its own users see them.
//!
//! Every statement is limited to the agency that the caller has proven. None reads a message.

use crate::db::connection::Pool;
use crate::db::views::locations::{MIN_DIGITS, squeezed};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::progress::Progress;
use crate::model::states::{IncidentKind, InstallStatus};

/// A sub-account in the list.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are columns, each of its own"
)]
pub struct SubAccount {
    /// Its id.
    pub location_id: LocationId,
    /// GHL's name of it, where it is known.
    pub name: Option<String>,
    /// Its install status.
    pub install_status: InstallStatus,
    /// The number that it sends from, digits.
    pub number: Option<String>,
    /// Sending is on hold.
    pub is_held: bool,
    /// A number is connected.
    pub is_connected: bool,
    /// A message of the business has left.
    pub has_sent: bool,
    /// GHL has got a message of a customer.
    pub has_posted: bool,
    /// Its open incidents.
    pub incident_kinds: Vec<IncidentKind>,
    /// Its place in the order of the list.
    pub key: String,
}

impl SubAccount {
    /// How far its set-up is proven.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        Progress::of(self.is_connected, self.has_sent, self.has_posted)
    }

    /// Whether somebody has to look at it.
    #[must_use]
    pub const fn is_troubled(&self) -> bool {
        self.is_held || !self.incident_kinds.is_empty()
    }
}

/// The sub-accounts of an agency that have the app, or had, after the key `after`, in the order of their names. `search`:
/// only those with this in their name, id or number.
pub async fn list(
    pool: &Pool,
    company: &CompanyId,
    search: Option<&str>,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<SubAccount>> {
    sqlx::query_as!(
        SubAccount,
        r#"
        select i.location_id as "location_id!", i.name, i.install_status as "install_status!", i.number,
            i.hold_reason is not null as "is_held!", i.connected_at is not null as "is_connected!",
            i.has_sent as "has_sent!", i.has_posted as "has_posted!",
            i.incident_kinds as "incident_kinds!: Vec<IncidentKind>", k.key as "key!"
        from (
            -- The keys alone are sorted and cut; only the rows of the page are looked up.
            select l.location_id, lower(coalesce(n.name, l.location_id)) || ' ' || l.location_id collate "C" as key
            from locations l
            left join account_names n on n.owner_id = l.location_id
            where l.company_id = $1
              and l.uninstalled_at is null
              and (
                $2::text is null
                or not exists (
                    select 1
                    from regexp_split_to_table(plain_text($2), '\s+') word
                    where strpos(coalesce(plain_text(n.name), ''), word) = 0
                )
                or strpos(lower(l.location_id), lower($2)) > 0
                or exists (
                    select 1
                    from numbers w
                    where w.location_id = l.location_id and strpos(w.number, $5) > 0
                )
              )
        ) k
        join installs i on i.location_id = k.location_id
        where k.key > $3
        order by k.key
        limit $4
        "#,
        company.as_str(),
        search.map(squeezed),
        after,
        limit,
        search.and_then(dialled),
    )
    .fetch_all(pool)
    .await
}

/// The digits of a number that a text may be a part of. As people dial it within their country it begins with a zero that the
/// whole number lacks.
fn dialled(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.contains(char::is_alphabetic) || digits.len() < MIN_DIGITS {
        return None;
    }
    let digits = digits.trim_start_matches('0').to_owned();
    (!digits.is_empty()).then_some(digits)
}

/// GHL's name of an agency, where it is known.
pub async fn find_name(pool: &Pool, company: &CompanyId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select name from account_names where owner_id = $1",
        company.as_str(),
    )
    .fetch_optional(pool)
    .await
}
