//! What people do, as it is recorded and shown.

use crate::model::language::Language;
use crate::model::stored_enum::stored_enum;

stored_enum! {
    /// Through which door somebody came.
    ActorKind {
        /// Whoever holds `ADMIN_TOKEN`.
        Operator = "operator", "operator", "pengendali";
        /// Whoever may run commands on the machine.
        Command = "command", "command line", "baris arahan";
        /// A user inside GHL.
        User = "user", "user in GHL", "pengguna GHL";
        /// Whoever has a connect link that was made outside GHL.
        Link = "link", "by a link", "melalui pautan";
        /// Whoever filled in GHL's own form when the app was installed.
        InstallForm = "install_form", "GHL's install form", "borang pemasangan GHL";
    }
}

impl ActorKind {
    /// Who acts with a connect link: the user inside GHL for whom it was made, or whoever has it.
    #[must_use]
    pub const fn of_link(made_by: Option<&str>) -> Self {
        match made_by {
            Some(_) => Self::User,
            None => Self::Link,
        }
    }
}

stored_enum! {
    /// What was done.
    Action {
        /// The operator signed in.
        SignIn = "sign_in", "signed in", "log masuk";
        /// The operator signed out.
        SignOut = "sign_out", "signed out", "log keluar";
        /// A number was connected.
        Connect = "connect", "connect a number", "sambungkan nombor";
        /// The number whose phone had scanned the code was not the right one: it was not connected.
        RejectNumber = "reject_number", "say that a number is not the right one", "nyatakan nombor bukan yang betul";
        /// A test message was sent from a number that was just connected.
        TestMessage = "test_message", "send a test message", "hantar mesej ujian";
        /// A number was removed.
        Disconnect = "disconnect", "remove a number", "buang nombor";
        /// A number was linked to its phone again.
        Relink = "relink", "link the phone again", "pautkan telefon semula";
        /// The settings of a number were changed.
        Settings = "settings", "settings of a number", "tetapan nombor";
        /// The protection of a number was changed.
        Protection = "protection", "protection of a number", "perlindungan nombor";
        /// A number was let go on after WhatsApp refused several messages.
        GoOn = "go_on", "let a number go on", "teruskan nombor";
        /// Another number became the one that sends.
        DefaultNumber = "default_number", "choose the number that sends", "pilih nombor penghantar";
        /// A failed message was sent again.
        Replay = "replay", "send again", "hantar lagi";
        /// Many failed messages were sent again.
        ReplayMany = "replay_many", "send many again", "hantar lagi banyak mesej";
        /// Old messages were put into GHL.
        ShowOld = "show_old", "show old messages", "paparkan mesej lama";
        /// Old messages were forgotten.
        ForgetOld = "forget_old", "forget old messages", "lupakan mesej lama";
        /// The opt-out words were changed.
        OptOut = "opt_out", "opt-out words", "perkataan berhenti";
        /// The rules for the numbers that messages leave from were changed.
        NumberRules = "number_rules", "rules for numbers", "peraturan nombor";
        /// A target of alerts was set.
        SetAlerts = "set_alerts", "set a target of alerts", "tetapkan sasaran makluman";
        /// A target of alerts was removed.
        RemoveAlerts = "remove_alerts", "remove a target of alerts", "buang sasaran makluman";
        /// An agency's Waapify token was stored.
        KeepToken = "keep_token", "store the agency's Waapify token", "simpan token Waapify agensi";
        /// An agency's Waapify token was removed.
        RemoveToken = "remove_token", "remove the agency's Waapify token", "buang token Waapify agensi";
        /// Secrets were sealed with another key.
        RotateKeys = "rotate_keys", "seal secrets anew", "kunci semula rahsia";
        /// A list was exported.
        Export = "export", "export a list", "eksport senarai";
    }
}

stored_enum! {
    /// What a user inside GHL is. Stands in brackets behind the user's id.
    UserRole {
        /// An admin of the agency.
        AgencyAdmin = "agency admin", "agency admin", "admin agensi";
        /// An admin of the sub-account.
        Admin = "admin", "admin", "admin";
        /// Any other user.
        User = "user", "user", "pengguna";
    }
}

/// Who it was, as it is recorded: GHL's id of a user, and the role.
#[must_use]
pub fn recorded_user(id: &str, role: UserRole) -> String {
    format!("{id} ({role})")
}

/// Who it was, as people read it: a role in their language, everything else as it was recorded.
#[must_use]
pub fn shown_actor(language: Language, recorded: &str) -> String {
    let found = recorded.rsplit_once(" (").and_then(|(id, rest)| {
        let role = UserRole::find(rest.strip_suffix(')')?)?;
        Some(format!("{id} ({})", role.label(language)))
    });
    found.unwrap_or_else(|| recorded.to_owned())
}

stored_enum! {
    /// How it ended.
    Outcome {
        /// It was done.
        Done = "done", "done", "selesai";
        /// It was refused, or what was entered was not right: nothing was changed.
        Refused = "refused", "refused", "ditolak";
        /// The service failed: look whether it was done.
        Failed = "failed", "failed", "gagal";
    }
}
