//! The words for states, in both languages.

use maud::{Markup, html};

use crate::db::accounts::installs::InstallStatus;
use crate::db::history::incidents::Kind;
use crate::model::language::Language;
use crate::model::states::{Queue, QueueState};

/// How a location stands, as a pill.
pub(super) fn install_status(language: Language, install_status: InstallStatus) -> Markup {
    let class = match install_status {
        InstallStatus::Installed => "good",
        InstallStatus::NeedsReinstall => "bad",
        InstallStatus::Inactive | InstallStatus::NotInstalled => "warn",
        InstallStatus::Unknown | InstallStatus::Pending | InstallStatus::Uninstalled => "",
    };
    html! { span class={ "pill " (class) } { (standing_name(language, install_status)) } }
}

/// How a location stands, in a few words.
pub(super) const fn standing_name(
    language: Language,
    install_status: InstallStatus,
) -> &'static str {
    let malay = match install_status {
        InstallStatus::Unknown => "disambung, belum dipasang",
        InstallStatus::Pending => "menunggu GHL",
        InstallStatus::NotInstalled => "belum dipasang",
        InstallStatus::Installed => "dipasang",
        InstallStatus::Inactive => "tidak aktif dalam GHL",
        InstallStatus::NeedsReinstall => "perlu dipasang semula",
        InstallStatus::Uninstalled => "dinyahpasang",
    };
    language.pick(install_status.name(), malay)
}

/// What the watch noticed, in a few words.
pub(super) const fn trouble(language: Language, kind: Kind) -> &'static str {
    match kind {
        Kind::Provider => language.pick(
            "another SMS provider is chosen",
            "penyedia SMS lain dipilih",
        ),
        Kind::Link => language.pick("the number is not linked", "nombor tidak dipautkan"),
        Kind::Silence => language.pick(
            "Waapify reports nothing",
            "Waapify tidak melaporkan apa-apa",
        ),
        Kind::Reinstall => language.pick(
            "the app must be installed again",
            "aplikasi perlu dipasang semula",
        ),
    }
}

/// A queue's name; of messages also what they wait for.
pub(super) fn queue(language: Language, queue: Queue, state: QueueState) -> String {
    let name = queue.label(language);
    match queue {
        Queue::Outbound | Queue::Inbound => format!("{name}, {}", state.label(language)),
        Queue::StatusUpdates | Queue::WaapifyEvents | Queue::InboundMedia | Queue::GhlEvents => {
            name.to_owned()
        }
    }
}
