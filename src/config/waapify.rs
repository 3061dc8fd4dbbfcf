//! The gateway, and how messages leave to it.

use std::time::Duration;

use url::Url;

/// The gateway's address and pace.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are settings, each of its own"
)]
pub struct WaapifySettings {
    /// Folder of `send.php`.
    pub api_base: Url,
    /// Least pause between two sends of one number.
    pub min_interval: Duration,
    /// Whether messages to chats without a phone are sent to their LIDs.
    pub sends_to_hidden: bool,
    /// Whether Waapify is asked about phones, to learn LIDs.
    pub checks_phones: bool,
    /// Whether numbers write slowly to people who never wrote, unless their own settings say otherwise.
    pub protects_numbers: bool,
    /// Whether Waapify is asked before the first message to such a phone.
    pub checks_strangers: bool,
    /// How long a person's answer may wait to be sent.
    pub max_age_person: Duration,
    /// How long any other message may wait.
    pub max_age_automated: Duration,
}
