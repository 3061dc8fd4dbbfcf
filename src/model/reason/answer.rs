//! What a vendor, or the server of a file, answered, with its own words unchanged.

reasons! {
    /// What a vendor, or the server of a file, answered.
    Answer

    /// GHL answered with an error.
    Ghl {
        /// The HTTP status.
        status: u16,
        /// GHL's words.
        words: String,
        /// The id that GHL's support asks for.
        trace: String,
    } = "ghl_answered",
        "GHL answered {status}: {words} (trace {trace})",
        "GHL menjawab {status}: {words} (trace {trace})";
    /// GHL reported success, but a required field is missing.
    GhlIncomplete {
        /// The HTTP status.
        status: u16,
        /// The missing field.
        missing: String,
        /// The id that GHL's support asks for.
        trace: String,
    } = "ghl_answer_incomplete",
        "GHL answered {status}: the answer lacks {missing} (trace {trace})",
        "GHL menjawab {status}: jawapannya tiada {missing} (trace {trace})";
    /// GHL gave no answer.
    GhlUnreachable {
        /// The words of the network error.
        words: String,
    } = "ghl_unreachable",
        "GHL could not be reached: {words}",
        "GHL tidak dapat dihubungi: {words}";
    /// GHL's grant names neither a location nor a company.
    GrantOfNobody = "grant_of_nobody",
        "GHL's grant names neither a location nor a company",
        "kebenaran GHL tidak menyatakan lokasi atau syarikat";
    /// A type that cannot be written into a request.
    NoFileType = "no_file_type",
        "the file's type cannot be sent",
        "jenis fail itu tidak dapat dihantar";
    /// Waapify limits its callers.
    WaapifySlowDown = "waapify_slow_down",
        "Waapify asks to slow down",
        "Waapify meminta supaya perlahan";
    /// Waapify redirects.
    WaapifyMoved {
        /// The HTTP status.
        status: u16,
    } = "waapify_moved",
        "Waapify answered {status}, its address has moved",
        "Waapify menjawab {status}, alamatnya sudah berpindah";
    /// Waapify answered with an error and no words.
    Waapify {
        /// The HTTP status.
        status: u16,
    } = "waapify_answered",
        "Waapify answered {status}",
        "Waapify menjawab {status}";
    /// A proxy in front of Waapify answered in its place.
    WaapifyPage {
        /// The HTTP status.
        status: u16,
    } = "waapify_page",
        "a server in front of Waapify answered {status}, not Waapify itself",
        "pelayan di hadapan Waapify menjawab {status}, bukan Waapify sendiri";
    /// Waapify's answer cannot be read.
    WaapifyNoResult {
        /// The HTTP status.
        status: u16,
    } = "waapify_no_result",
        "Waapify answered {status} without a result",
        "Waapify menjawab {status} tanpa keputusan";
    /// Waapify reported success without WhatsApp's id.
    WaapifyNoId = "waapify_no_id",
        "Waapify reported success without a message id",
        "Waapify melaporkan kejayaan tanpa ID mesej";
    /// Waapify refused with words.
    WaapifySaid {
        /// Waapify's words.
        words: String,
    } = "waapify_said",
        "{words}",
        "{words}";
    /// No answer within our time limit.
    NotInTime {
        /// The words of the network error.
        words: String,
    } = "not_in_time",
        "no answer in time ({words})",
        "tiada jawapan dalam masa yang ditetapkan ({words})";
    /// The connection failed.
    ConnectionFailed {
        /// The words of the network error.
        words: String,
    } = "connection_failed",
        "{words}",
        "{words}";
    /// An attachment's server answered with an error.
    FileServer {
        /// The HTTP status.
        status: u16,
    } = "file_server_answered",
        "it answered {status}",
        "ia menjawab {status}";
    /// An attachment's server redirects too often.
    FileServerRedirects = "file_server_redirects",
        "it redirects too often",
        "ia mengubah hala terlalu kerap";
    /// An attachment's server does not answer in time.
    FileServerSilent = "file_server_silent",
        "no answer in time",
        "tiada jawapan dalam masa yang ditetapkan";
}
