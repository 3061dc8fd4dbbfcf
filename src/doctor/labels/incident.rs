//! The sentences for an incident that the monitor opened.

use crate::db::history::incidents::Incident;
use crate::doctor::acks::Restriction;
use crate::doctor::labels::{Said, location, number, service, told};
use crate::doctor::number::LinkFault;
use crate::model::alert::AlertFault;
use crate::model::reason::{Reason, Wait};
use crate::model::states::IncidentKind;
use crate::model::zone::Zone;

/// Detail of a silence for which the monitor has registered the webhook again.
pub const REGISTERED: &str = "registered";
/// Detail of a silence that continued after that.
pub const PERSISTS: &str = "persists";

/// Detail of a pause in which nothing leaves that no person wrote.
pub const STOPPED: &str = "stopped";

/// Describes an incident in the words of its check, with times in `zone`. `taker`: who has taken the number over, for whoever may
/// know it.
pub(in crate::doctor) fn incident(incident: &Incident, zone: &Zone, taker: Option<&str>) -> Said {
    let detail = incident.detail.as_deref();
    let since = zone.minutes(incident.since);
    match incident.kind {
        IncidentKind::Provider => location::provider_not_chosen(detail),
        IncidentKind::Reinstall => location::needs_reinstall(&told(incident.reason.as_ref())),
        IncidentKind::Replaced => number::replaced(detail),
        IncidentKind::Restricted => number::restricted(detail.and_then(Restriction::from_code)),
        IncidentKind::Paused if detail == Some(STOPPED) => number::automated_stopped(),
        IncidentKind::Paused => number::strangers_wait(until(incident.reason.as_ref())),
        IncidentKind::Gateway => service::gateway_down(&told(incident.reason.as_ref())),
        IncidentKind::Agency => {
            service::agency_dead(&incident.number, &told(incident.reason.as_ref()))
        }
        IncidentKind::ClientKeys => {
            service::app_keys_refused(&since, &told(incident.reason.as_ref()), true)
        }
        IncidentKind::Alerts => {
            service::alerts_fail(&incident.number, detail.and_then(AlertFault::read))
        }
        IncidentKind::Undelivered => location::never_delivered(),
        IncidentKind::Unheard => number::never_called(),
        IncidentKind::Taken => number::taken(taker),
        IncidentKind::Silence => number::webhook_silent(&since),
        IncidentKind::Link => match detail.and_then(LinkFault::from_code) {
            Some(LinkFault::Credentials) => number::credentials_refused(None),
            Some(LinkFault::OtherNumber) => number::other_number_somewhere(),
            Some(LinkFault::Unlinked) | None => number::unlinked(),
        },
    }
}

/// Until when a number writes to nobody who never wrote, as its reason says.
fn until(reason: Option<&Reason>) -> &str {
    match reason {
        Some(Reason::Wait(Wait::NumberRestricted { at })) => at,
        _ => "",
    }
}
