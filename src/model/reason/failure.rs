//! Why a message could not be sent: what happened, and what to do. GHL shows the English ones.

reasons! {
    /// GHL's delivery is no message.
    UNREADABLE = "The message could not be read. Please send it again.",
        "Mesej ini tidak dapat dibaca. Sila hantar sekali lagi.";
    /// Nothing to send.
    EMPTY = "The message is empty: it has no text and no attachment. Write something and send it again.",
        "Mesej ini kosong: tiada teks dan tiada lampiran. Tulis sesuatu dan hantar lagi.";
    /// The contact has no number.
    NO_PHONE = "This contact has no phone number. Add one with its country code, such as +60123456789, and send again.",
        "Kenalan ini tiada nombor telefon. Tambah nombor bersama kod negara, contohnya +60123456789, dan hantar lagi.";
    /// The contact's number is more than a number.
    PHONE_WITH_EXTENSION = "The contact's phone number has letters or an extension, which WhatsApp cannot dial. Write the number alone and send again.",
        "Nombor telefon kenalan ini mengandungi huruf atau nombor sambungan, yang tidak boleh didail oleh WhatsApp. Tulis nombornya sahaja dan hantar lagi.";
    /// The contact's number cannot be one.
    PHONE_INCOMPLETE = "The contact's phone number is not complete. Write it with its country code, such as +60123456789, and send again.",
        "Nombor telefon kenalan ini tidak lengkap. Tulis bersama kod negara, contohnya +60123456789, dan hantar lagi.";
    /// The contact stands for a group.
    GROUP = "This contact is a WhatsApp group, which cannot be answered from here. Open WhatsApp on the phone and answer there.",
        "Kenalan ini ialah kumpulan WhatsApp, yang tidak boleh dibalas dari sini. Buka WhatsApp pada telefon dan balas di sana.";
    /// An attachment without an address on the web.
    NO_FILE_ADDRESS = "An attachment has no address that WhatsApp can fetch. Attach the file again and send it once more.",
        "Satu lampiran tiada alamat yang boleh dimuat turun oleh WhatsApp. Lampirkan fail itu sekali lagi dan hantar semula.";
    /// A file's name.
    FILE_ADDRESS_TOO_LONG = "The address of \"{}\" is too long for WhatsApp. Attach the file from another place and send it again.",
        "Alamat \"{}\" terlalu panjang untuk WhatsApp. Lampirkan fail itu dari tempat lain dan hantar lagi.";
    /// A file's name.
    FILE_NOT_PUBLIC = "The address of \"{}\" does not lead to a public web server, so WhatsApp cannot fetch it. Attach the file itself and send it again.",
        "Alamat \"{}\" bukan pelayan web awam, maka WhatsApp tidak dapat memuat turunnya. Lampirkan fail itu sendiri dan hantar lagi.";
    /// A file's name.
    FILE_GONE = "The file \"{}\" is not there any more, or not for everyone to fetch. Attach it again and send it once more.",
        "Fail \"{}\" sudah tiada, atau tidak boleh dimuat turun oleh semua orang. Lampirkan sekali lagi dan hantar semula.";
    /// A file's name, and how many megabytes can be sent.
    FILE_TOO_LARGE = "The file \"{}\" is larger than the {} MB that can be sent. Send a smaller one, or a link to it.",
        "Fail \"{}\" melebihi had {} MB yang boleh dihantar. Hantar fail yang lebih kecil, atau pautan kepadanya.";
    /// The location never had the app.
    NOT_INSTALLED = "This sub-account has not installed the WhatsApp app.",
        "Sub-akaun ini belum memasang aplikasi WhatsApp.";
    /// The location has the app no more.
    UNINSTALLED = "The WhatsApp app was uninstalled from this sub-account. Install it again to send.",
        "Aplikasi WhatsApp telah dinyahpasang daripada sub-akaun ini. Pasang semula untuk menghantar.";
    /// The location has the app and no number.
    NOT_CONNECTED = "No WhatsApp number is connected to this sub-account yet. Connect one in the app's settings, then send again.",
        "Belum ada nombor WhatsApp disambungkan kepada sub-akaun ini. Sambungkan satu dalam tetapan aplikasi, kemudian hantar lagi.";
    /// The gateway was away for all tries.
    GATEWAY_DOWN = "WhatsApp's gateway could not be reached for many hours. Please send the message again.",
        "Get laluan WhatsApp tidak dapat dihubungi selama berjam-jam. Sila hantar mesej ini sekali lagi.";
    /// WhatsApp took no try of a text.
    TEXT_NOT_TAKEN = "WhatsApp did not take this message. The number may have no WhatsApp. Check it and send again.",
        "WhatsApp tidak menerima mesej ini. Nombor itu mungkin tiada WhatsApp. Semak dan hantar lagi.";
    /// WhatsApp took no try of a file.
    FILE_NOT_TAKEN = "WhatsApp did not take this file. The number may have no WhatsApp, or the file cannot be fetched. Check both and send it again.",
        "WhatsApp tidak menerima fail ini. Nombor itu mungkin tiada WhatsApp, atau fail tidak dapat dimuat turun. Semak kedua-duanya dan hantar lagi.";
    /// Waapify's words.
    REJECTED = "Waapify refused this message: {}. Change it and send it again.",
        "Waapify menolak mesej ini: {}. Ubah mesej dan hantar lagi.";
    /// WhatsApp's code.
    REFUSED = "WhatsApp refused this message (code {}). The number may be restricted, or may not write to new contacts for now. Wait a while, or ask the customer to write first.",
        "WhatsApp menolak mesej ini (kod {}). Nombor anda mungkin disekat, atau buat masa ini tidak boleh menulis kepada kenalan baharu. Tunggu seketika, atau minta pelanggan menulis dahulu.";
    /// No sign of it came.
    UNCONFIRMED = "WhatsApp did not confirm this message. It may have arrived all the same: look at the chat on the phone before you send it again.",
        "WhatsApp tidak mengesahkan mesej ini. Ia mungkin sudah sampai: lihat sembang pada telefon sebelum menghantar lagi.";
    /// It stopped every process that took it.
    LOST = "The service stopped each time it was about to send this message, so it was given up. Write it anew, and tell support if that fails too.",
        "Perkhidmatan terhenti setiap kali hendak menghantar mesej ini, maka ia tidak dicuba lagi. Tulis semula, dan beritahu pihak sokongan jika masih gagal.";
}
