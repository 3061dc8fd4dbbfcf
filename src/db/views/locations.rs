//! Locations for the operator's pages, page by page: a page begins after the last key of the page before (keyset).

use crate::db::accounts::installs::InstallRow;
use crate::db::connection::Pool;
use crate::model::ids::LocationId;
use crate::model::states::{IncidentKind, InstallStatus, TokenProblem};
use crate::model::written_phone::readings_of_digits;

/// Digits that a search must have to be one for a number.
pub(super) const MIN_DIGITS: usize = 3;

/// Which locations are listed; what is none is not asked.
#[derive(Clone, Debug, Default)]
pub struct Which<'a> {
    /// Only those that need attention.
    pub troubled: bool,
    /// Only those of this agency.
    pub company: Option<&'a str>,
    /// Only those with this install status.
    pub status: Option<InstallStatus>,
    /// Only those with an open incident of this kind.
    pub incident: Option<IncidentKind>,
    /// Only those with this cause of trouble.
    pub cause: Option<Cause>,
    /// Only those with this problem of their token.
    pub token: Option<TokenProblem>,
    /// Only those with this in their id or name, their agency's, or the id of a number's instance; or, where it has no letter,
    /// with its digits in a number. Capital letters, accents, and spaces more or less
    /// make no difference.
    pub search: Option<&'a str>,
    /// What `search` means as a whole number (E.164 digits), such as a national one.
    pub numbers: &'a [String],
}

/// What is wrong, whether the monitor has noticed it or only a send.
#[derive(Clone, Debug)]
pub struct Cause {
    /// An open incident of this kind.
    pub kind: IncidentKind,
    /// Or a number on hold for one of these reasons, by their codes.
    pub holds: Vec<&'static str>,
}

/// Locations after `after`, in the order of their ids.
pub async fn list_locations(
    pool: &Pool,
    after: &str,
    which: Which<'_>,
    limit: i64,
) -> sqlx::Result<Vec<InstallRow>> {
    let digits = which.search.map(digits_of).unwrap_or_default();
    let search = which.search.map(squeezed);
    let cause = which.cause.as_ref();
    let holds = cause
        .map(|cause| cause.holds.as_slice())
        .unwrap_or_default();
    sqlx::query_as!(
        InstallRow,
        r#"
        select location_id as "location_id!", company_id, install_status as "install_status!", trouble, expires_at,
            number, hold_reason, last_out, last_in, last_ack, connected_at is not null as "is_connected!",
            has_sent as "has_sent!", has_posted as "has_posted!",
            incident_kinds as "incident_kinds!: Vec<IncidentKind>", name, company_name
        from installs l
        where location_id > $1
          and (
            not $2
            -- It needs attention.
            or hold_reason is not null
            or uninstalled_at is null and (
                token_problem is not null
                or not has_token
                or number is null
                or incident_kinds <> '{}'
            )
          )
          and (
            $4::text is null
            or strpos(lower(location_id), lower($4)) > 0
            or strpos(lower(company_id), lower($4)) > 0
            or not exists (
                select 1
                from regexp_split_to_table(plain_text($4), '\s+') word
                where strpos(coalesce(plain_text(name), ''), word) = 0
            )
            or not exists (
                select 1
                from regexp_split_to_table(plain_text($4), '\s+') word
                where strpos(coalesce(plain_text(company_name), ''), word) = 0
            )
            or exists (
                select 1
                from numbers n
                where n.location_id = l.location_id
                    and (
                        n.number like any($5)
                        or n.number = any($10)
                        or strpos(lower(n.instance_id), lower($4)) > 0
                    )
            )
          )
          and ($6::text is null or company_id = $6)
          and ($7::text is null or install_status = $7)
          and ($8::text is null or $8 = any(incident_kinds))
          and ($9::text is null or token_problem = $9)
          and (
            $11::text is null
            or $11 = any(incident_kinds)
            or exists (
                select 1
                from numbers n
                where n.location_id = l.location_id and n.hold_code = any($12) and n.webhook_secret is not null
            )
          )
        order by location_id
        limit $3
        "#,
        after,
        which.troubled,
        limit,
        search,
        &digits,
        which.company,
        which.status as Option<InstallStatus>,
        which.incident as Option<IncidentKind>,
        which.token as Option<TokenProblem>,
        which.numbers,
        cause.map(|cause| cause.kind) as Option<IncidentKind>,
        holds as &[&str],
    )
    .fetch_all(pool)
    .await
}

/// Patterns of numbers that a text may be a part of, which people write with 00 in front, too: the digits of a name or an id are
/// none, and an empty text is part of every number.
fn digits_of(text: &str) -> Vec<String> {
    if text.contains(char::is_alphabetic) {
        return Vec::new();
    }
    let readings = readings_of_digits(text).into_iter();
    let long = readings.filter(|digits| digits.len() >= MIN_DIGITS);
    long.map(|digits| format!("%{digits}%")).collect()
}

/// With one space between words.
pub(super) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One location.
pub async fn find_location(pool: &Pool, location: &LocationId) -> sqlx::Result<Option<InstallRow>> {
    sqlx::query_as!(
        InstallRow,
        r#"
        select location_id as "location_id!", company_id, install_status as "install_status!", trouble, expires_at,
            number, hold_reason, last_out, last_in, last_ack, connected_at is not null as "is_connected!",
            has_sent as "has_sent!", has_posted as "has_posted!",
            incident_kinds as "incident_kinds!: Vec<IncidentKind>", name, company_name
        from installs
        where location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await
}
