//! Other steps of a message, and why some messages and events are left out.

reasons! {
    /// What else happened to a message or an event.
    Step

    /// An agent's message came.
    GhlDelivered = "ghl_delivered",
        "GHL delivered it",
        "GHL menghantarnya kepada kami";
    /// A customer's message came.
    WaapifyPosted = "waapify_posted",
        "Waapify posted it",
        "Waapify menghantarnya kepada kami";
    /// A part left.
    Taken = "taken",
        "Waapify took it",
        "Waapify menerimanya";
    /// A part left, which its answer did not tell.
    Echoed = "echoed",
        "WhatsApp echoed it",
        "WhatsApp memaparkannya sebagai dihantar";
    /// An unknown outcome, once more.
    OnceMore = "once_more",
        "no sign of it came from WhatsApp; trying once more",
        "tiada tanda daripada WhatsApp; dicuba sekali lagi";
    /// A newer version planned fewer parts.
    AllLeft = "all_left",
        "all its parts have left",
        "semua bahagiannya sudah dihantar";
    /// A look at files took too long.
    FilesTooSlow = "files_too_slow",
        "the attachments' servers are too slow",
        "pelayan lampiran terlalu perlahan";
    /// What its files are is known.
    FilesLookedAt = "files_looked_at",
        "its files were looked at",
        "fail-failnya telah disemak";
    /// A claim whose process ended.
    ProcessStopped = "process_stopped",
        "the process that was sending it stopped",
        "proses yang sedang menghantarnya terhenti";
    /// Whatever takes it ends.
    Deadly = "deadly",
        "it kept ending its worker",
        "ia berulang kali menghentikan proses yang mengendalikannya";
    /// Not for WhatsApp.
    Email = "email",
        "an e-mail is not for WhatsApp",
        "e-mel bukan untuk WhatsApp";
    /// A delivery of what we posted.
    GhlEcho = "ghl_echo",
        "GHL's echo of a message written on the business's phone",
        "gema GHL bagi mesej yang ditulis pada telefon perniagaan";
    /// A delivery of what we may be posting.
    GhlEchoPerhaps = "ghl_echo_perhaps",
        "the same words, written on the business's phone, are on their way to GHL",
        "kata-kata yang sama, yang ditulis pada telefon perniagaan, dalam perjalanan ke GHL";
    /// A replay that repeats nothing.
    Replayed = "replayed",
        "replayed by the operator",
        "diulang oleh pengendali";
    /// The same by the location's user.
    SentAgain = "sent_again",
        "sent again from the page in GHL",
        "dihantar lagi dari halaman dalam GHL";
    /// A replay that may repeat something.
    ReplayedInDoubt = "replayed_in_doubt",
        "replayed by the operator, although it may have arrived",
        "diulang oleh pengendali, walaupun ia mungkin sudah sampai";
    /// The same by the location's user.
    SentAgainInDoubt = "sent_again_in_doubt",
        "sent again from the page in GHL, although it may have arrived",
        "dihantar lagi dari halaman dalam GHL, walaupun ia mungkin sudah sampai";
    /// A message that was found in GHL.
    AnswerLost = "answer_lost",
        "GHL has it, its answer was lost",
        "GHL sudah menerimanya, jawapannya hilang";
    /// And one that may be there.
    AnswerHidden = "answer_hidden",
        "its answer was lost, and another message hides whether GHL has it",
        "jawapan GHL hilang, dan mesej lain melindungi sama ada GHL sudah menerimanya";
    /// The sender is known by a LID alone.
    SenderHidden = "sender_hidden",
        "WhatsApp hides the sender's number",
        "WhatsApp menyembunyikan nombor penghantar";
    /// No more.
    SenderKnown = "sender_known",
        "the sender's number is known now",
        "nombor penghantar sudah diketahui";
    /// The content is still to come.
    Undecrypted = "undecrypted",
        "WhatsApp could not decrypt it yet",
        "WhatsApp belum dapat menyahsulitnya";
    /// It never came.
    NoContent = "no_content",
        "its content did not come",
        "kandungannya tidak diterima";
    /// A customer's file is attached.
    FileInGhl = "file_in_ghl",
        "its file is in GHL",
        "failnya sudah ada dalam GHL";
    /// A customer's file stays with WhatsApp.
    FileLinked = "file_linked",
        "it links its file",
        "ia mengandungi pautan kepada failnya";
    /// A number that keeps its phone's messages to itself.
    PhoneNotMirrored = "phone_not_mirrored",
        "written on the business's phone, which this number does not show in GHL",
        "ditulis pada telefon perniagaan, yang tidak dipaparkan dalam GHL bagi nombor ini";
    /// A number that keeps its groups to itself.
    GroupMessage = "group_message",
        "a group message",
        "mesej kumpulan";
    /// Nobody's own message.
    Broadcast = "broadcast",
        "a broadcast, status or channel message",
        "mesej siaran, status atau saluran";
    /// What we sent.
    OwnEcho = "own_echo",
        "the echo of a message sent through Waapify",
        "gema bagi mesej yang dihantar melalui Waapify";
    /// The business writes to its own number.
    NoteToSelf = "note_to_self",
        "a note of the business to itself",
        "nota perniagaan kepada dirinya sendiri";
    /// Nothing to show.
    SaysNothing = "says_nothing",
        "it says nothing",
        "ia tidak mengandungi apa-apa";
    /// What Waapify posted is no JSON.
    NotJson = "not_json",
        "the body is not JSON",
        "kandungannya bukan JSON";
    /// What Waapify posted is JSON, but no object.
    NotObject = "not_object",
        "the body is not a JSON object",
        "kandungannya bukan objek JSON";
    /// What Waapify posted holds more than is read.
    TooManyItems = "too_many_items",
        "the body has more items than are read",
        "kandungannya mempunyai terlalu banyak item";
    /// GHL's event about the app says nothing that we know.
    EventUnreadable = "event_unreadable",
        "it cannot be read",
        "ia tidak dapat dibaca";
    /// GHL will not take a status.
    GhlNotTold {
        /// What it said, or what went wrong.
        cause: Box<Reason>,
    } = "ghl_not_told",
        "GHL was not told: {cause}",
        "GHL tidak diberitahu: {cause}";
}
