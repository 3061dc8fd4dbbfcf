//! The words for states, in both languages.

use maud::{Markup, html};

use crate::model::language::Language;
use crate::model::states::InstallStatus;

/// A message's state as a pill.
pub(super) fn state(language: Language, state: &str) -> Markup {
    let (class, word) = match state {
        "accepted" => ("", language.pick("waiting", "menunggu")),
        "sending" => ("", language.pick("being sent", "sedang dihantar")),
        "unconfirmed" => ("warn", language.pick("not confirmed", "belum disahkan")),
        "sent" => ("good", language.pick("sent", "dihantar")),
        "delivered" => ("good", language.pick("delivered", "diterima")),
        "read" => ("good", language.pick("read", "dibaca")),
        "posted" => ("good", language.pick("in GHL", "dalam GHL")),
        "held" => ("warn", language.pick("held", "ditahan")),
        "ignored" => ("", language.pick("left out", "diabaikan")),
        "failed" => ("bad", language.pick("failed", "gagal")),
        other => ("", other),
    };
    html! { span class={ "pill " (class) } { (word) } }
}

/// How a location stands, as a pill.
pub(super) fn install_status(language: Language, install_status: InstallStatus) -> Markup {
    let class = match install_status {
        InstallStatus::Installed => "good",
        InstallStatus::NeedsReinstall => "bad",
        InstallStatus::Inactive | InstallStatus::NotInstalled => "warn",
        InstallStatus::Unknown | InstallStatus::Pending | InstallStatus::Uninstalled => "",
    };
    html! { span class={ "pill " (class) } { (install_status.label(language)) } }
}

/// A queue's name and what its members wait for.
pub(super) fn queue(language: Language, queue: &str, state: &str) -> &'static str {
    match (queue, state) {
        ("outbound", "accepted") => language.pick("To WhatsApp, waiting", "Ke WhatsApp, menunggu"),
        ("outbound", "sending") => {
            language.pick("To WhatsApp, being sent", "Ke WhatsApp, sedang dihantar")
        }
        ("outbound", _) => {
            language.pick("To WhatsApp, not confirmed", "Ke WhatsApp, belum disahkan")
        }
        ("inbound", "held") => language.pick(
            "To GHL, held (hidden sender)",
            "Ke GHL, ditahan (pengirim tersembunyi)",
        ),
        ("inbound", _) => language.pick("To GHL, waiting", "Ke GHL, menunggu"),
        ("statuses", _) => language.pick("Ticks for GHL", "Status untuk GHL"),
        ("waapify_events", _) => {
            language.pick("Waapify's events to read", "Peristiwa Waapify untuk dibaca")
        }
        ("files", _) => language.pick("Customers' files to fetch", "Fail pelanggan untuk diambil"),
        _ => language.pick("GHL's events to apply", "Peristiwa GHL untuk dilaksanakan"),
    }
}
