//! Why a customer's file is not available. The message in GHL has the English sentence.

reasons! {
    /// Why a customer's file is not available.
    Media

    /// WhatsApp has deleted it.
    Gone = "media_gone",
        "WhatsApp does not keep the file any more",
        "WhatsApp tidak lagi menyimpan fail itu";
    /// The message has no address on WhatsApp's servers.
    NoAddress = "media_no_address",
        "the message names no place of WhatsApp's",
        "mesej itu tidak menyatakan tempat simpanan WhatsApp";
    /// It is larger than we accept.
    TooLarge = "media_too_large",
        "the file is larger than 100 MB",
        "fail itu melebihi 100 MB";
    /// It is larger than announced.
    LargerThanSaid = "media_larger_than_said",
        "the file is larger than the message says",
        "fail itu lebih besar daripada yang dinyatakan dalam mesej";
    /// The server redirects.
    Elsewhere = "media_elsewhere",
        "WhatsApp's server points elsewhere",
        "pelayan WhatsApp menunjuk ke tempat lain";
    /// The server refuses it for another reason.
    Refused = "media_refused",
        "WhatsApp's server refuses the file",
        "pelayan WhatsApp tidak memberikan fail itu";
    /// It ends too early.
    CutOff = "media_cut_off",
        "the file is cut off",
        "fail itu terpotong";
    /// The key does not fit.
    Mac = "media_mac",
        "the file does not fit its key",
        "fail itu tidak sepadan dengan kuncinya";
    /// The server has another file.
    EncryptedHash = "media_encrypted_hash",
        "what WhatsApp holds is not the announced file",
        "apa yang disimpan oleh WhatsApp bukan fail yang dinyatakan";
    /// The decrypted file is another one.
    PlainHash = "media_plain_hash",
        "the file is not the one that was announced",
        "fail itu bukan fail yang dinyatakan";
    /// It is longer or shorter than announced.
    Length = "media_length",
        "the file has not the announced size",
        "saiz fail itu tidak seperti yang dinyatakan";
    /// It does not end like an encrypted file.
    Padding = "media_padding",
        "the file ends wrongly",
        "hujung fail itu tidak betul";
    /// The key cannot be used.
    Key = "media_key",
        "the file's key is of no use",
        "kunci fail itu tidak boleh digunakan";
    /// The server has a temporary problem.
    ServerAnswers {
        /// The HTTP status.
        status: u16,
    } = "media_server_answers",
        "WhatsApp's server does not give the file: it answers {status}",
        "pelayan WhatsApp tidak memberikan fail itu: ia menjawab {status}";
    /// The server took too long.
    TooSlow = "media_too_slow",
        "WhatsApp's server does not give the file: too slow",
        "pelayan WhatsApp tidak memberikan fail itu: terlalu perlahan";
    /// The connection to the server fails.
    Unreachable {
        /// The network's words.
        words: String,
    } = "media_unreachable",
        "WhatsApp's server does not give the file: {words}",
        "pelayan WhatsApp tidak memberikan fail itu: {words}";
    /// The location has uninstalled the app.
    Uninstalled = "media_uninstalled",
        "the app was uninstalled",
        "aplikasi telah dinyahpasang";
}

impl Media {
    /// What the reader of a customer's message can do about it, in English as all texts in GHL, to stand behind the
    /// reason. The customer is asked again only where the same file would arrive then.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Gone | Self::CutOff => "; ask the customer to send it again",
            _ => "; open WhatsApp on the phone to see it",
        }
    }
}
