//! What people do, as it is recorded and shown.

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
        /// Whoever has a connect link.
        Link = "link", "by a link", "melalui pautan";
    }
}

stored_enum! {
    /// What was done.
    Action {
        /// The operator signed in.
        SignIn = "sign_in", "signed in", "log masuk";
        /// The operator signed out.
        SignOut = "sign_out", "signed out", "log keluar";
        /// A number was connected, or a connect link was made for it.
        Connect = "connect", "connect a number", "sambungkan nombor";
        /// A number was removed.
        Disconnect = "disconnect", "remove a number", "buang nombor";
        /// A number was linked to its phone again.
        Relink = "relink", "link the phone again", "pautkan telefon semula";
        /// The settings of a number were changed.
        Settings = "settings", "settings of a number", "tetapan nombor";
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
