//! Why a customer's file does not come. GHL's reader is told in English.

reasons! {
    /// Why a customer's file does not come.
    Media

    /// WhatsApp has deleted it.
    Gone = "media_gone",
        "WhatsApp does not keep the file any more",
        "WhatsApp tidak lagi menyimpan fail itu";
    /// No address of WhatsApp's.
    NoAddress = "media_no_address",
        "the message names no place of WhatsApp's",
        "mesej itu tidak menyatakan tempat simpanan WhatsApp";
    /// More than we take.
    TooLarge = "media_too_large",
        "the file is larger than 100 MB",
        "fail itu melebihi 100 MB";
    /// More than was announced.
    LargerThanSaid = "media_larger_than_said",
        "the file is larger than the message says",
        "fail itu lebih besar daripada yang dinyatakan dalam mesej";
    /// A redirect.
    Elsewhere = "media_elsewhere",
        "WhatsApp's server points elsewhere",
        "pelayan WhatsApp menunjuk ke tempat lain";
    /// Any other refusal.
    Refused = "media_refused",
        "WhatsApp's server refuses the file",
        "pelayan WhatsApp tidak memberikan fail itu";
    /// It ends too early.
    CutOff = "media_cut_off",
        "the file is cut off",
        "fail itu terpotong";
    /// The wrong key.
    Mac = "media_mac",
        "the file does not fit its key",
        "fail itu tidak sepadan dengan kuncinya";
    /// What the server holds is another file.
    EncryptedHash = "media_encrypted_hash",
        "what WhatsApp holds is not the announced file",
        "apa yang disimpan oleh WhatsApp bukan fail yang dinyatakan";
    /// It is another file.
    PlainHash = "media_plain_hash",
        "the file is not the one that was announced",
        "fail itu bukan fail yang dinyatakan";
    /// It is longer or shorter than announced.
    Length = "media_length",
        "the file has not the announced size",
        "saiz fail itu tidak seperti yang dinyatakan";
    /// Its end is not that of an encrypted file.
    Padding = "media_padding",
        "the file ends wrongly",
        "hujung fail itu tidak betul";
    /// No key at all.
    Key = "media_key",
        "the file's key is of no use",
        "kunci fail itu tidak boleh digunakan";
    /// The server is in trouble.
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
    /// The way to the server fails.
    Unreachable {
        /// The network's words.
        words: String,
    } = "media_unreachable",
        "WhatsApp's server does not give the file: {words}",
        "pelayan WhatsApp tidak memberikan fail itu: {words}";
    /// The location has the app no more.
    Uninstalled = "media_uninstalled",
        "the app was uninstalled",
        "aplikasi telah dinyahpasang";
}
