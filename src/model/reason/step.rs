//! Other steps of a message, and why some messages and events are ignored.

reasons! {
    /// What else happened to a message or an event.
    Step

    /// An agent's message arrived.
    GhlDelivered = "ghl_delivered",
        "GHL delivered it",
        "GHL menghantarnya kepada kami";
    /// A customer's message arrived.
    WaapifyPosted = "waapify_posted",
        "Waapify posted it",
        "Waapify menghantarnya kepada kami";
    /// A part was sent.
    Taken = "taken",
        "Waapify took it",
        "Waapify menerimanya";
    /// An echo proved that a part was sent; its answer did not.
    Echoed = "echoed",
        "WhatsApp echoed it",
        "WhatsApp memaparkannya sebagai dihantar";
    /// A part with an unknown outcome is sent once more.
    OnceMore = "once_more",
        "no sign of it came from WhatsApp; trying once more",
        "tiada tanda daripada WhatsApp; dicuba sekali lagi";
    /// A newer version planned fewer parts than were sent.
    AllLeft = "all_left",
        "all its parts have left",
        "semua bahagiannya sudah dihantar";
    /// The servers of its files were too slow.
    FilesTooSlow = "files_too_slow",
        "the attachments' servers are too slow",
        "pelayan lampiran terlalu perlahan";
    /// The types of its files are known.
    FilesLookedAt = "files_looked_at",
        "its files were looked at",
        "fail-failnya telah disemak";
    /// Waapify was asked whether its phone is on WhatsApp.
    PhoneAsked = "phone_asked",
        "Waapify was asked whether this phone has WhatsApp",
        "Waapify telah ditanya sama ada telefon ini mempunyai WhatsApp";
    /// The number that it waited for is not connected any more.
    NumberRemoved = "number_removed",
        "the number that it was to leave from is not connected any more, so it leaves from the default number",
        "nombor asal penghantarannya tidak lagi disambungkan, maka ia dihantar dari nombor lalai";
    /// The number that it waited for is on hold.
    NumberHeld = "number_held",
        "the number that it was to leave from is on hold, so it leaves from the default number",
        "nombor asal penghantarannya ditahan, maka ia dihantar dari nombor lalai";
    /// The process that had claimed it stopped.
    ProcessStopped = "process_stopped",
        "the process that was sending it stopped",
        "proses yang sedang menghantarnya terhenti";
    /// Its worker kept crashing.
    Poison = "deadly",
        "it kept ending its worker",
        "ia berulang kali menghentikan proses yang mengendalikannya";
    /// It is an e-mail, which is not for WhatsApp.
    Email = "email",
        "an e-mail is not for WhatsApp",
        "e-mel bukan untuk WhatsApp";
    /// It is a delivery of a message that we posted.
    GhlEcho = "ghl_echo",
        "GHL's echo of a message written on the business's phone",
        "gema GHL bagi mesej yang ditulis pada telefon perniagaan";
    /// It may be a delivery of a message that we are posting.
    GhlEchoPerhaps = "ghl_echo_perhaps",
        "the same words, written on the business's phone, are on their way to GHL",
        "kata-kata yang sama, yang ditulis pada telefon perniagaan, dalam perjalanan ke GHL";
    /// A replay by the operator that sends nothing twice.
    Replayed = "replayed",
        "replayed by the operator",
        "diulang oleh pengendali";
    /// The same, by the location's user.
    SentAgain = "sent_again",
        "sent again from the page in GHL",
        "dihantar lagi dari halaman dalam GHL";
    /// A replay by the operator that may send something twice.
    ReplayedUnconfirmed = "replayed_in_doubt",
        "replayed by the operator, although it may have arrived",
        "diulang oleh pengendali, walaupun ia mungkin sudah sampai";
    /// The same, by the location's user.
    SentAgainUnconfirmed = "sent_again_in_doubt",
        "sent again from the page in GHL, although it may have arrived",
        "dihantar lagi dari halaman dalam GHL, walaupun ia mungkin sudah sampai";
    /// It was found in GHL.
    AnswerLost = "answer_lost",
        "GHL has it, its answer was lost",
        "GHL sudah menerimanya, jawapannya hilang";
    /// It may be in GHL, hidden by another message.
    AnswerHidden = "answer_hidden",
        "its answer was lost, and another message hides whether GHL has it",
        "jawapan GHL hilang, dan mesej lain melindungi sama ada GHL sudah menerimanya";
    /// Only the sender's LID is known.
    SenderStaysHidden = "sender_stays_hidden",
        "its sender hides the phone number; it is shown in a contact without one",
        "pengirimnya menyembunyikan nombor telefon; ia dipaparkan dalam kenalan tanpa nombor";
    /// The phone of its sender is not known.
    SenderHidden = "sender_hidden",
        "WhatsApp hides the sender's number",
        "WhatsApp menyembunyikan nombor penghantar";
    /// The sender's phone is known now.
    SenderKnown = "sender_known",
        "the sender's number is known now",
        "nombor penghantar sudah diketahui";
    /// It was written days before it arrived.
    OldMessage = "old_message",
        "it was written more than three days before it came here, so it is not shown in GHL unless you wish it",
        "ia ditulis lebih tiga hari sebelum sampai ke sini, maka ia tidak dipaparkan dalam GHL kecuali anda mahukannya";
    /// A person wants to see it.
    OldMessageShown = "old_message_shown",
        "it goes to GHL after newer messages, as you wished",
        "ia dihantar ke GHL selepas mesej yang lebih baharu, seperti yang anda mahukan";
    /// A person does not want to see it, or the app was uninstalled.
    OldMessageForgotten = "old_message_forgotten",
        "an old message that was not wanted in GHL",
        "mesej lama yang tidak mahu dipaparkan dalam GHL";
    /// The content has not arrived yet.
    Undecrypted = "undecrypted",
        "WhatsApp could not decrypt it yet",
        "WhatsApp belum dapat menyahsulitnya";
    /// The content did not arrive in time.
    NoContent = "no_content",
        "its content did not come",
        "kandungannya tidak diterima";
    /// Its file is attached in GHL.
    FileInGhl = "file_in_ghl",
        "its file is in GHL",
        "failnya sudah ada dalam GHL";
    /// Its file has a download link.
    FileLinked = "file_linked",
        "it links its file",
        "ia mengandungi pautan kepada failnya";
    /// The number does not show its phone's messages in GHL.
    PhoneNotMirrored = "phone_not_mirrored",
        "written on the business's phone, which this number does not show in GHL",
        "ditulis pada telefon perniagaan, yang tidak dipaparkan dalam GHL bagi nombor ini";
    /// The number does not show its groups in GHL.
    GroupMessage = "group_message",
        "a group message",
        "mesej kumpulan";
    /// It is a broadcast, status or channel message.
    Broadcast = "broadcast",
        "a broadcast, status or channel message",
        "mesej siaran, status atau saluran";
    /// It is the echo of a message that we sent.
    OwnEcho = "own_echo",
        "the echo of a message sent through Waapify",
        "gema bagi mesej yang dihantar melalui Waapify";
    /// The business writes to its own number.
    NoteToSelf = "note_to_self",
        "a note of the business to itself",
        "nota perniagaan kepada dirinya sendiri";
    /// It is a chat with Meta AI.
    Assistant = "assistant",
        "a chat with Meta AI",
        "sembang dengan Meta AI";
    /// It is another form of a message that came.
    SecondForm = "second_form",
        "the same picture or video in another form",
        "gambar atau video yang sama dalam bentuk lain";
    /// It has nothing to show.
    SaysNothing = "says_nothing",
        "it says nothing",
        "ia tidak mengandungi apa-apa";
    /// Waapify's body is not JSON.
    NotJson = "not_json",
        "the body is not JSON",
        "kandungannya bukan JSON";
    /// Waapify's body is JSON, but not an object.
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
    /// A status update was given up.
    GhlNotTold {
        /// GHL's answer, or what went wrong.
        cause: Box<Reason>,
    } = "ghl_not_told",
        "GHL was not told: {cause}",
        "GHL tidak diberitahu: {cause}";
}
