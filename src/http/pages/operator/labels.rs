//! The words for states, in both languages.

use maud::{Markup, html};

use crate::db::accounts::installs::InstallRow;
use crate::model::language::Language;
use crate::model::states::{InstallStatus, Queue, QueueState};

/// A location's install status, as a pill.
fn install_status(language: Language, install_status: InstallStatus) -> Markup {
    let class = match install_status {
        InstallStatus::Installed => "good",
        InstallStatus::NeedsReinstall => "bad",
        InstallStatus::Inactive | InstallStatus::NotInstalled => "warn",
        InstallStatus::Unknown | InstallStatus::Pending | InstallStatus::Uninstalled => "",
    };
    html! { span class={ "pill " (class) } { (install_status.label(language)) } }
}

/// How a location stands: its install, and what is wrong, the oldest first, and whether its number is on hold; else how far its
/// set-up is proven.
pub(super) fn state(language: Language, row: &InstallRow) -> Markup {
    html! {
        div {
            (install_status(language, row.install_status))
            span.standing {
                @if row.hold_reason.is_some() { strong { (language.pick("Its number is on hold", "Nombornya ditahan")) } " " }
                @else if row.incident_kinds.is_empty() { (row.progress().label(language)) }
                @for kind in &row.incident_kinds { strong { (kind.label(language)) } " " }
            }
        }
    }
}

/// A queue's name. For messages, also what they wait for.
pub(super) fn queue(language: Language, queue: Queue, state: QueueState) -> String {
    let name = queue.label(language);
    match queue {
        Queue::Outbound | Queue::Inbound => format!("{name}, {}", state.label(language)),
        Queue::StatusUpdates | Queue::WaapifyEvents | Queue::InboundMedia | Queue::GhlEvents => {
            name.to_owned()
        }
    }
}
