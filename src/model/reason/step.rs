//! Other steps of a message, and why some are left out.

reasons! {
    /// An agent's message came.
    GHL_DELIVERED = "GHL delivered it",
        "GHL menghantarnya kepada kami";
    /// A customer's message came.
    WAAPIFY_POSTED = "Waapify posted it",
        "Waapify menghantarnya kepada kami";
    /// A part left.
    TAKEN = "Waapify took it",
        "Waapify menerimanya";
    /// A part left, which its answer did not tell.
    ECHOED = "WhatsApp echoed it",
        "WhatsApp memaparkannya sebagai dihantar";
    /// An unknown outcome, once more.
    ONCE_MORE = "no sign of it came from WhatsApp; trying once more",
        "tiada tanda daripada WhatsApp; dicuba sekali lagi";
    /// A newer version planned fewer parts.
    ALL_LEFT = "all its parts have left",
        "semua bahagiannya sudah dihantar";
    /// A look at files took too long.
    FILES_TOO_SLOW = "the attachments' servers are too slow",
        "pelayan lampiran terlalu perlahan";
    /// What its files are is known.
    FILES_LOOKED_AT = "its files were looked at",
        "fail-failnya telah disemak";
    /// A claim whose process ended.
    PROCESS_STOPPED = "the process that was sending it stopped",
        "proses yang sedang menghantarnya terhenti";
    /// Whatever takes it ends.
    DEADLY = "it kept ending its worker",
        "ia berulang kali menghentikan proses yang mengendalikannya";
    /// Not for WhatsApp.
    EMAIL = "an e-mail is not for WhatsApp",
        "e-mel bukan untuk WhatsApp";
    /// A delivery of what we posted.
    GHL_ECHO = "GHL's echo of a message written on the business's phone",
        "gema GHL bagi mesej yang ditulis pada telefon perniagaan";
    /// A delivery of what we may be posting.
    GHL_ECHO_PERHAPS = "the same words, written on the business's phone, are on their way to GHL",
        "kata-kata yang sama, yang ditulis pada telefon perniagaan, dalam perjalanan ke GHL";
    /// A replay that repeats nothing.
    REPLAYED = "replayed by the operator",
        "diulang oleh pengendali";
    /// The same by the location's user.
    SENT_AGAIN = "sent again from the page in GHL",
        "dihantar lagi dari halaman dalam GHL";
    /// A replay that may repeat something.
    REPLAYED_IN_DOUBT = "replayed by the operator, although it may have arrived",
        "diulang oleh pengendali, walaupun ia mungkin sudah sampai";
    /// The same by the location's user.
    SENT_AGAIN_IN_DOUBT = "sent again from the page in GHL, although it may have arrived",
        "dihantar lagi dari halaman dalam GHL, walaupun ia mungkin sudah sampai";
    /// A message that was found in GHL.
    ANSWER_LOST = "GHL has it, its answer was lost",
        "GHL sudah menerimanya, jawapannya hilang";
    /// And one that may be there.
    ANSWER_HIDDEN = "its answer was lost, and another message hides whether GHL has it",
        "jawapan GHL hilang, dan mesej lain melindungi sama ada GHL sudah menerimanya";
    /// The sender is known by a LID alone.
    SENDER_HIDDEN = "WhatsApp hides the sender's number",
        "WhatsApp menyembunyikan nombor penghantar";
    /// No more.
    SENDER_KNOWN = "the sender's number is known now",
        "nombor penghantar sudah diketahui";
    /// The content is still to come.
    UNDECRYPTED = "WhatsApp could not decrypt it yet",
        "WhatsApp belum dapat menyahsulitnya";
    /// It never came.
    NO_CONTENT = "its content did not come",
        "kandungannya tidak diterima";
    /// A customer's file is attached.
    FILE_IN_GHL = "its file is in GHL",
        "failnya sudah ada dalam GHL";
    /// A customer's file stays with WhatsApp.
    FILE_LINKED = "it links its file",
        "ia mengandungi pautan kepada failnya";
    /// A number that keeps its phone's messages to itself.
    PHONE_NOT_MIRRORED = "written on the business's phone, which this number does not show in GHL",
        "ditulis pada telefon perniagaan, yang tidak dipaparkan dalam GHL bagi nombor ini";
    /// A number that keeps its groups to itself.
    GROUP = "a group message",
        "mesej kumpulan";
    /// Nobody's own message.
    BROADCAST = "a broadcast, status or channel message",
        "mesej siaran, status atau saluran";
    /// What we sent.
    ECHO = "the echo of a message sent through Waapify",
        "gema bagi mesej yang dihantar melalui Waapify";
    /// The business writes to its own number.
    NOTE = "a note of the business to itself",
        "nota perniagaan kepada dirinya sendiri";
    /// Nothing to show.
    SAYS_NOTHING = "it says nothing",
        "ia tidak mengandungi apa-apa";
}
