//! The states of rows: one enum each, with the texts in Postgres and in metrics, and the labels for pages and commands
//! in both languages.
//!
//! Owns the names. The statements in `src/db` decide which state follows which (`docs/states.md`). A text keeps its meaning.

use crate::model::language::Language;
use crate::model::stored_enum::stored_enum;

stored_enum! {
    /// How far a message has got. `outbound` has all but `posted` and `held`; `inbound` has `accepted`, `posted`,
    /// `ignored`, `held` and `failed`. What a state means to people depends on the direction:
    /// [`MessageState::label_of`].
    MessageState {
        /// It is stored, and waits for its turn.
        Accepted = "accepted", "Waiting", "Menunggu";
        /// A worker has claimed it.
        Sending = "sending", "Being sent", "Sedang dihantar";
        /// The outcome of a send is unknown, and it waits for its echo.
        Unconfirmed = "unconfirmed", "Not confirmed yet", "Belum disahkan";
        /// The gateway accepted all its parts.
        Sent = "sent", "Sent", "Dihantar";
        /// It is on the customer's phone.
        Delivered = "delivered", "Delivered", "Diterima";
        /// The customer has read it.
        Read = "read", "Read", "Dibaca";
        /// GHL has it.
        Posted = "posted", "In GHL", "Dalam GHL";
        /// It waits for something that may never arrive: a hidden sender's phone, or its own content.
        Held = "held", "Held", "Ditahan";
        /// It was given up; the reason is stored with it.
        Failed = "failed", "Failed", "Gagal";
        /// It is ignored on purpose; the reason is stored with it.
        Ignored = "ignored", "Not for WhatsApp", "Bukan untuk WhatsApp";
    }
}

impl MessageState {
    /// The label for a message of this direction.
    #[must_use]
    pub const fn label_of(self, direction: Direction, language: Language) -> &'static str {
        match (self, direction) {
            (Self::Accepted, Direction::Inbound) => {
                language.pick("On its way to GHL", "Dalam perjalanan ke GHL")
            }
            (Self::Ignored, Direction::Inbound) => {
                language.pick("Not shown in GHL", "Tidak dipaparkan dalam GHL")
            }
            _ => self.label(language),
        }
    }
}

stored_enum! {
    /// Which way a message goes.
    Direction {
        /// From GHL to WhatsApp.
        Outbound = "outbound", "To the customer", "Kepada pelanggan";
        /// From WhatsApp to GHL.
        Inbound = "inbound", "From the customer", "Daripada pelanggan";
    }
}

stored_enum! {
    /// The status of a message that GHL gets, in GHL's words.
    StatusName {
        /// On the customer's phone.
        Delivered = "delivered", "Delivered", "Diterima";
        /// Read by the customer.
        Read = "read", "Read", "Dibaca";
        /// Not sent.
        Failed = "failed", "Failed", "Gagal";
    }
}

impl StatusName {
    /// The state of a message with this status.
    #[must_use]
    pub const fn state(self) -> MessageState {
        match self {
            Self::Delivered => MessageState::Delivered,
            Self::Read => MessageState::Read,
            Self::Failed => MessageState::Failed,
        }
    }
}

stored_enum! {
    /// How an attempt at a message to WhatsApp failed: each kind has its own schedule of tries. If the last one fails
    /// too, `gateway_down` and `not_taken` are also the error codes for GHL.
    FailureKind {
        /// The gateway could not be reached.
        GatewayDown = "gateway_down", "The gateway could not be reached", "Get laluan tidak dapat dihubungi";
        /// The gateway answered the call, but the message was not accepted.
        NotTaken = "not_taken", "WhatsApp did not take it", "WhatsApp tidak menerimanya";
        /// The server of an attachment did not answer.
        FileUnreachable = "file_unreachable", "Its attachment could not be reached", "Lampirannya tidak dapat dicapai";
    }
}

stored_enum! {
    /// Who wrote an agent's message, in GHL's words.
    Source {
        /// A person, in GHL.
        App = "app", "a person", "seorang pengguna";
        /// A workflow.
        Workflow = "workflow", "a workflow", "aliran kerja";
        /// Another program.
        Api = "api", "another program", "program lain";
        /// A campaign.
        Campaign = "campaign", "a campaign", "kempen";
        /// An action on many contacts.
        BulkActions = "bulk_actions", "a bulk action", "tindakan pukal";
        /// GHL did not say.
        Unknown = "unknown", "not known", "tidak diketahui";
    }
}

impl Source {
    /// Whether a person wrote a message: GHL says so; or it does not say, and the delivery names a user.
    #[must_use]
    pub const fn is_persons(self, has_sender: bool) -> bool {
        match self {
            Self::App => true,
            Self::Unknown => has_sender,
            Self::Workflow | Self::Api | Self::Campaign | Self::BulkActions => false,
        }
    }
}

stored_enum! {
    /// How far a vendor's event has got: Waapify's in `waapify_events`, GHL's in `ghl_events`.
    EventState {
        /// It is stored, and waits to be read.
        Accepted = "accepted", "Waiting", "Menunggu";
        /// It was read and applied.
        Done = "done", "Done", "Selesai";
        /// Its kind changes nothing here; only for GHL's events.
        Ignored = "ignored", "Left out", "Diabaikan";
        /// It could not be read.
        Failed = "failed", "Failed", "Gagal";
    }
}

stored_enum! {
    /// How far a customer's file has got.
    MediaState {
        /// It is fetched as soon as possible.
        Wanted = "wanted", "Being fetched", "Sedang diambil";
        /// GHL has it.
        Attached = "attached", "Attached", "Dilampirkan";
        /// Our download link leads to it.
        Linked = "linked", "Linked", "Dipautkan";
        /// It is not available; the reason is stored with it.
        Missing = "missing", "Missing", "Tiada";
    }
}

stored_enum! {
    /// How an unanswered call ended, in GHL's words.
    CallEnd {
        /// Nobody answered it.
        NoAnswer = "no-answer", "Not answered", "Tidak dijawab";
        /// It was declined.
        Busy = "busy", "Declined", "Ditolak";
    }
}

stored_enum! {
    /// Whether a location has the app, and whether its token works.
    InstallStatus {
        /// GHL has not reported it.
        Unknown = "unknown", "connected, not installed", "disambung, belum dipasang";
        /// Its token is being requested from its company.
        Pending = "pending", "waits for GHL", "menunggu GHL";
        /// No company gave a token.
        NotInstalled = "not_installed", "not installed", "belum dipasang";
        /// It has a token.
        Installed = "installed", "installed", "dipasang";
        /// It has a token that GHL does not renew while the location is not active.
        Inactive = "inactive", "not active in GHL", "tidak aktif dalam GHL";
        /// It had a token; only a new install gives another.
        NeedsReinstall = "needs_reinstall", "needs reinstall", "perlu dipasang semula";
        /// It was uninstalled.
        Uninstalled = "uninstalled", "uninstalled", "dinyahpasang";
    }
}

stored_enum! {
    /// The kind of a token's owner.
    OwnerKind {
        /// An agency; location tokens are made from its token.
        Company = "company", "agency", "agensi";
        /// A sub-account.
        Location = "location", "sub-account", "sub-akaun";
    }
}

stored_enum! {
    /// How the GHL contact of a phone was learnt.
    ContactSource {
        /// GHL delivered a message for this contact and phone.
        Delivery = "delivery", "by a message from GHL", "melalui mesej dari GHL";
        /// GHL found it by the phone.
        Search = "search", "by a search", "melalui carian";
        /// We made it.
        Made = "made", "made by the service", "dibuat oleh perkhidmatan";
    }
}

stored_enum! {
    /// How the phone of a LID was learnt.
    LidSource {
        /// WhatsApp named both.
        Message = "message", "by a message", "melalui mesej";
        /// It acknowledged a message that was sent to the phone.
        Receipt = "receipt", "by a receipt", "melalui tanda terima";
        /// It answered a message that was sent to the phone.
        Quote = "quote", "by an answer", "melalui jawapan";
        /// Waapify named both when it was asked about the phone.
        Check = "check", "by a question to Waapify", "melalui pertanyaan kepada Waapify";
    }
}

stored_enum! {
    /// What Waapify answered when it was asked whether a phone is on WhatsApp.
    PhoneAnswer {
        /// It is.
        Yes = "yes", "on WhatsApp", "ada WhatsApp";
        /// It is not.
        No = "no", "not on WhatsApp", "tiada WhatsApp";
        /// No answer that is understood.
        Unknown = "unknown", "unknown", "tidak diketahui";
        /// Its build knows no such question.
        Unsupported = "unsupported", "not asked", "tidak ditanya";
    }
}

stored_enum! {
    /// Why a token pair could not be renewed the last time.
    TokenProblem {
        /// No lasting reason: it is tried again soon.
        Failing = "failing", "tried again soon", "akan dicuba lagi";
        /// GHL renews it when the location is active again.
        Inactive = "inactive", "not active in GHL", "tidak aktif dalam GHL";
        /// Only a new install gives another.
        NeedsReinstall = "needs_reinstall", "needs reinstall", "perlu dipasang semula";
    }
}

stored_enum! {
    /// What the monitor notices.
    IncidentKind {
        /// In GHL another SMS provider is chosen, or none.
        Provider = "provider", "this app is not the SMS provider", "aplikasi ini bukan penyedia SMS";
        /// The number is not linked, or Waapify refuses its keys.
        Link = "link", "the number is not linked", "nombor tidak dipautkan";
        /// The gateway reports nothing.
        Silence = "silence", "Waapify reports nothing", "Waapify tidak melaporkan apa-apa";
        /// The app must be installed again.
        Reinstall = "reinstall", "the app must be installed again", "aplikasi perlu dipasang semula";
        /// A connect link from outside GHL replaced the location's number.
        Replaced = "replaced", "the number was replaced from outside GHL", "nombor diganti dari luar GHL";
        /// WhatsApp confirms nothing that the number sends, or refuses one message after the other.
        Restricted = "restricted", "WhatsApp may have restricted the number", "nombor mungkin disekat oleh WhatsApp";
        /// WhatsApp refused messages of the number, so that some of its messages wait.
        Paused = "paused", "messages wait because WhatsApp refused some", "mesej menunggu kerana WhatsApp menolak beberapa mesej";
        /// GHL has never delivered a message, though the number was connected more than an hour ago.
        Undelivered = "undelivered", "GHL has never delivered a message", "GHL tidak pernah menghantar mesej";
        /// Waapify has never called the number's webhook, though it was connected more than an hour ago.
        Unheard = "unheard", "Waapify has never called", "Waapify tidak pernah melapor";
        /// Another location has connected the number, or its instance.
        Taken = "taken", "another sub-account has the number now", "sub-akaun lain memegang nombor ini sekarang";
        /// The gateway fails for every number. Of the service, as all below.
        Gateway = "gateway", "Waapify fails for every number", "Waapify gagal untuk semua nombor";
        /// An agency must install the app again.
        Agency = "agency", "an agency must install the app again", "sebuah agensi perlu memasang semula aplikasi";
        /// GHL refuses the marketplace app's keys.
        ClientKeys = "client_keys", "GHL refuses the app's keys", "GHL menolak kunci aplikasi";
        /// A target of alerts cannot be reached.
        Alerts = "alerts", "alerts cannot be delivered", "makluman tidak dapat dihantar";
    }
}

stored_enum! {
    /// The queues in `/metrics` and the operator's overview. The texts are labels of metrics and must not change.
    Queue {
        /// Messages to WhatsApp.
        Outbound = "outbound", "To WhatsApp", "Ke WhatsApp";
        /// Messages to GHL.
        Inbound = "inbound", "To GHL", "Ke GHL";
        /// Status updates for GHL.
        StatusUpdates = "statuses", "Ticks for GHL", "Pengesahan untuk GHL";
        /// Waapify's events.
        WaapifyEvents = "gateway_events", "Waapify's events to read", "Peristiwa Waapify untuk dibaca";
        /// Customers' files.
        InboundMedia = "files", "Customers' files to fetch", "Fail pelanggan untuk diambil";
        /// GHL's events.
        GhlEvents = "app_events", "GHL's events to apply", "Peristiwa GHL untuk dilaksanakan";
    }
}

stored_enum! {
    /// What the rows of a [`Queue`] wait for. The texts are labels of metrics and must not change.
    QueueState {
        /// A worker.
        Accepted = "accepted", "waiting", "menunggu";
        /// Waapify's answer.
        Sending = "sending", "being sent", "sedang dihantar";
        /// An echo, after a lost answer.
        Unconfirmed = "unconfirmed", "not confirmed", "belum disahkan";
        /// Their sender's phone, or their content.
        Held = "held", "held (hidden sender)", "ditahan (pengirim tersembunyi)";
        /// Their time.
        Due = "due", "due", "mengikut masa";
        /// To be fetched.
        Wanted = "wanted", "to be fetched", "untuk diambil";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_text_names_one_state_and_comes_back_as_it() {
        for state in MessageState::ALL {
            assert_eq!(MessageState::find(state.as_str()), Some(*state));
        }
        let texts: HashSet<_> = MessageState::ALL
            .iter()
            .map(|state| state.as_str())
            .collect();
        assert_eq!(texts.len(), MessageState::ALL.len());
        assert_eq!(MessageState::find("nonsense"), None);
    }

    #[test]
    fn a_label_fits_the_way_that_a_message_goes() {
        let waiting = MessageState::Accepted;
        for (direction, english) in [
            (Direction::Outbound, "Waiting"),
            (Direction::Inbound, "On its way to GHL"),
        ] {
            assert_eq!(waiting.label_of(direction, Language::English), english);
        }
    }
}
