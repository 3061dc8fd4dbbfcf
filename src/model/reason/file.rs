//! Why a customer's file cannot be had; GHL's reader is told in English.

reasons! {
    /// WhatsApp has deleted it.
    GONE = "WhatsApp does not keep the file any more",
        "WhatsApp tidak lagi menyimpan fail itu";
    /// No address of WhatsApp's.
    NO_ADDRESS = "the message names no place of WhatsApp's",
        "mesej itu tidak menyatakan tempat simpanan WhatsApp";
    /// More than we take.
    TOO_LARGE = "the file is larger than 100 MB",
        "fail itu melebihi 100 MB";
    /// More than was announced.
    LARGER_THAN_SAID = "the file is larger than the message says",
        "fail itu lebih besar daripada yang dinyatakan dalam mesej";
    /// A redirect.
    ELSEWHERE = "WhatsApp's server points elsewhere",
        "pelayan WhatsApp menunjuk ke tempat lain";
    /// Any other refusal.
    REFUSED = "WhatsApp's server refuses the file",
        "pelayan WhatsApp tidak memberikan fail itu";
    /// It ends too early.
    CUT_OFF = "the file is cut off",
        "fail itu terpotong";
    /// The wrong key.
    MAC = "the file does not fit its key",
        "fail itu tidak sepadan dengan kuncinya";
    /// What the server holds is another file.
    ENCRYPTED_HASH = "what WhatsApp holds is not the announced file",
        "apa yang disimpan oleh WhatsApp bukan fail yang dinyatakan";
    /// It is another file.
    PLAIN_HASH = "the file is not the one that was announced",
        "fail itu bukan fail yang dinyatakan";
    /// It is longer or shorter than announced.
    LENGTH = "the file has not the announced size",
        "saiz fail itu tidak seperti yang dinyatakan";
    /// Its end is not that of an encrypted file.
    PADDING = "the file ends wrongly",
        "hujung fail itu tidak betul";
    /// No key at all.
    KEY = "the file's key is of no use",
        "kunci fail itu tidak boleh digunakan";
}
