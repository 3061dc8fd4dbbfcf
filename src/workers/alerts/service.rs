//! Incidents of the service itself: the gateway fails for everybody, GHL refuses the app's keys, an agency has to install
//! again, a target of alerts cannot be reached.
//!
//! They are derived from what the database knows, and opened and ended beside those of sub-accounts, without a sub-account.

use tracing::{info, warn};

use crate::db::accounts::companies;
use crate::db::alerts;
use crate::db::history::incidents;
use crate::db::history::incidents::{About, NO_LOCATION};
use crate::db::outbound::circuits;
use crate::model::ids::LocationId;
use crate::model::reason::Reason;
use crate::model::states::IncidentKind;
use crate::workers::Context;

/// What is wrong now.
struct Wrong {
    kind: IncidentKind,
    /// What it is about, such as an agency's id; empty: the whole service.
    subject: String,
    detail: Option<String>,
    reason: Option<Reason>,
}

/// Opens what is wrong now, and ends what is not.
pub(super) async fn watch(context: &Context) -> sqlx::Result<()> {
    let (pool, now) = (&context.pool, context.clock.now());
    let nowhere = LocationId::from(NO_LOCATION);
    let wrong = list_wrong(context).await?;
    for one in &wrong {
        let (detail, reason) = (one.detail.as_deref(), one.reason.as_ref());
        let about = About {
            location: &nowhere,
            number: &one.subject,
            kind: one.kind,
        };
        let (trouble, is_new) =
            incidents::open_of_service(pool, about, detail, reason, now).await?;
        if is_new {
            warn!(
                trouble,
                kind = one.kind.as_str(),
                "a trouble of the service began"
            );
        }
    }
    for open in incidents::list_open(pool, &nowhere).await? {
        let lasts = |one: &Wrong| one.kind == open.kind && one.subject == open.number;
        if !wrong.iter().any(lasts) {
            let about = About {
                location: &nowhere,
                number: &open.number,
                kind: open.kind,
            };
            incidents::resolve(pool, about, now).await?;
            info!(
                trouble = open.id,
                kind = open.kind.as_str(),
                "a trouble of the service ended"
            );
        }
    }
    Ok(())
}

async fn list_wrong(context: &Context) -> sqlx::Result<Vec<Wrong>> {
    let (pool, now) = (&context.pool, context.clock.now());
    let of = |kind, subject: &str, detail, reason| Wrong {
        kind,
        subject: subject.to_owned(),
        detail,
        reason,
    };
    let mut wrong = Vec::new();
    if let Some(reason) = circuits::find_gateways(pool).await? {
        wrong.push(of(IncidentKind::Gateway, "", None, Some(reason)));
    }
    if let Some(reason) = context.doctor.find_refused_keys().await? {
        wrong.push(of(IncidentKind::ClientKeys, "", None, Some(reason)));
    }
    for (company, reason) in companies::list_dead_companies(pool).await? {
        wrong.push(of(IncidentKind::Agency, company.as_str(), None, reason));
    }
    for (channel, fault) in alerts::list_failing(pool, now).await? {
        let (channel, fault) = (channel.to_string(), fault.to_string());
        wrong.push(of(IncidentKind::Alerts, &channel, Some(fault), None));
    }
    Ok(wrong)
}
