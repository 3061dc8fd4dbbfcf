//! The words for states, in both languages.

use maud::{Markup, html};

use crate::db::accounts::installs::InstallRow;
use crate::http::pages::layout::components;
use crate::model::language::Language;
use crate::model::states::{InstallStatus, Queue, QueueState};

/// A location's install status, as a pill.
pub(super) fn install_status(language: Language, install_status: InstallStatus) -> Markup {
    let class = match install_status {
        InstallStatus::Installed => "good",
        InstallStatus::NeedsReinstall => "bad",
        InstallStatus::Inactive | InstallStatus::NotInstalled => "warn",
        InstallStatus::Unknown | InstallStatus::Pending | InstallStatus::Uninstalled => "",
    };
    html! { span class={ "pill " (class) } { (install_status.label(language)) } }
}

/// What is wrong with a location, the oldest first; else how far its set-up is proven.
pub(super) fn state(language: Language, row: &InstallRow) -> Markup {
    html! {
        @if row.incident_kinds.is_empty() { (components::progress(language, row.progress())) }
        @for kind in &row.incident_kinds { span.pill.bad { (kind.label(language)) } " " }
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
