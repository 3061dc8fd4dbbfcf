//! Why a number sends nothing. Its messages that fail meanwhile have the same reason.

reasons! {
    /// Why a number sends nothing.
    Hold

    /// The token or the instance id is wrong.
    Credentials = "credentials",
        "Waapify refuses the access token or the instance id. Connect the number again with the right ones.",
        "Waapify menolak token akses atau ID sambungan (Instance ID). Sambungkan nombor ini sekali lagi dengan yang betul.";
    /// The phone is not linked any more.
    LinkLost = "link_lost",
        "The WhatsApp number is not linked to Waapify any more. Open Waapify and scan the QR code again.",
        "Nombor WhatsApp ini tidak lagi dipautkan kepada Waapify. Buka Waapify dan imbas kod QR sekali lagi.";
    /// Another phone than the number's is linked.
    OtherNumber = "other_number",
        "Another WhatsApp number is linked to this Waapify instance. Nothing is sent, because it would come from that number. Link the right phone again, or connect the number that is linked.",
        "Nombor WhatsApp lain dipautkan kepada sambungan Waapify ini. Tiada apa-apa dihantar, kerana ia akan datang dari nombor itu. Pautkan semula telefon yang betul, atau sambungkan nombor yang dipautkan.";
    /// The plan's messages are used up.
    Quota = "quota",
        "The message limit of the Waapify plan is used up, or the plan has ended. Renew it in Waapify.",
        "Had mesej pelan Waapify sudah habis, atau pelan sudah tamat. Perbaharui dalam Waapify.";
    /// Waapify has a problem with its own licence.
    Provider = "provider",
        "Waapify reports a licence problem of its own. Ask Waapify's support.",
        "Waapify melaporkan masalah lesennya sendiri. Hubungi sokongan Waapify.";
    /// The number's keys cannot be opened.
    Sealed = "sealed",
        "The number's access token cannot be read with the service's encryption keys. Connect the number again.",
        "Token akses nombor ini tidak dapat dibaca dengan kunci penyulitan perkhidmatan. Sambungkan nombor ini sekali lagi.";
    /// The gateway fails for every message; they wait.
    GatewayFails {
        /// What happened to the last one.
        cause: Box<Reason>,
    } = "gateway_fails",
        "Waapify does not take messages right now: {cause}. They wait, and are sent when it answers again.",
        "Waapify tidak menerima mesej buat masa ini: {cause}. Mesej menunggu, dan dihantar apabila ia menjawab semula.";
    /// The location has uninstalled the app.
    NumberUninstalled = "number_uninstalled",
        "The app was uninstalled from this sub-account.",
        "Aplikasi ini telah dinyahpasang daripada sub-akaun ini.";
}
