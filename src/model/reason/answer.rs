//! What a vendor, or the server of a file, answered; with its own words as they came.

reasons! {
    /// What a vendor, or the server of a file, answered.
    Answer

    /// GHL answered with an error.
    Ghl {
        /// The HTTP status.
        status: u16,
        /// GHL's.
        words: String,
        /// The id that GHL's support asks for.
        trace: String,
    } = "ghl_answered",
        "GHL answered {status}: {words} (trace {trace})",
        "GHL menjawab {status}: {words} (trace {trace})";
    /// A success of GHL lacks what was asked for.
    GhlIncomplete {
        /// The HTTP status.
        status: u16,
        /// The field.
        missing: String,
        /// The id that GHL's support asks for.
        trace: String,
    } = "ghl_answer_incomplete",
        "GHL answered {status}: the answer lacks {missing} (trace {trace})",
        "GHL menjawab {status}: jawapannya tiada {missing} (trace {trace})";
    /// No answer of GHL.
    GhlUnreachable {
        /// The network's.
        words: String,
    } = "ghl_unreachable",
        "GHL could not be reached: {words}",
        "GHL tidak dapat dihubungi: {words}";
    /// A grant for nobody.
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
    /// Waapify answered nothing that can be read.
    WaapifyNoResult {
        /// The HTTP status.
        status: u16,
    } = "waapify_no_result",
        "Waapify answered {status} without a result",
        "Waapify menjawab {status} tanpa keputusan";
    /// A success of Waapify without WhatsApp's id.
    WaapifyNoId = "waapify_no_id",
        "Waapify reported success without a message id",
        "Waapify melaporkan kejayaan tanpa ID mesej";
    /// Waapify refused with words.
    WaapifySaid {
        /// Waapify's.
        words: String,
    } = "waapify_said",
        "{words}",
        "{words}";
    /// No answer within the time that we wait.
    NotInTime {
        /// The network's.
        words: String,
    } = "not_in_time",
        "no answer in time ({words})",
        "tiada jawapan dalam masa yang ditetapkan ({words})";
    /// The connection failed.
    ConnectionFailed {
        /// The network's.
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
    /// An attachment's server leads in circles.
    FileServerRedirects = "file_server_redirects",
        "it redirects too often",
        "ia mengubah hala terlalu kerap";
    /// An attachment's server says nothing.
    FileServerSilent = "file_server_silent",
        "no answer in time",
        "tiada jawapan dalam masa yang ditetapkan";
}
