//! Why a message to WhatsApp failed: what happened, and what to do. GHL shows the English sentence.

reasons! {
    /// Why a message to WhatsApp failed.
    Failure

    /// GHL's delivery cannot be read as a message.
    Unreadable = "unreadable",
        "The message could not be read. Please send it again.",
        "Mesej ini tidak dapat dibaca. Sila hantar sekali lagi.";
    /// There is nothing to send.
    Empty = "empty",
        "The message is empty: it has no text and no attachment. Write something and send it again.",
        "Mesej ini kosong: tiada teks dan tiada lampiran. Tulis sesuatu dan hantar lagi.";
    /// It is an e-mail.
    Email = "email_not_sent",
        "This is an e-mail, and WhatsApp sends no e-mails. Write it as an SMS instead, or choose another provider for e-mails.",
        "Ini ialah e-mel, dan WhatsApp tidak menghantar e-mel. Tulis sebagai SMS, atau pilih penyedia lain untuk e-mel.";
    /// The contact has no number.
    NoPhone = "no_phone",
        "This contact has no phone number. Add one with its country code, such as +60123456789, and write the message anew.",
        "Kenalan ini tiada nombor telefon. Tambah nombor bersama kod negara, contohnya +60123456789, dan tulis mesej itu semula.";
    /// The contact's number has letters or an extension.
    PhoneWithExtension = "phone_with_extension",
        "The contact's phone number has letters or an extension, which WhatsApp cannot dial. Write the number alone, and write the message anew.",
        "Nombor telefon kenalan ini mengandungi huruf atau nombor sambungan, yang tidak boleh didail oleh WhatsApp. Tulis nombornya sahaja, dan tulis mesej itu semula.";
    /// The contact's number is not complete.
    PhoneIncomplete = "phone_incomplete",
        "The contact's phone number is not complete. Write it with its country code, such as +60123456789, and write the message anew.",
        "Nombor telefon kenalan ini tidak lengkap. Tulis bersama kod negara, contohnya +60123456789, dan tulis mesej itu semula.";
    /// The contact is a group.
    Group = "whatsapp_group",
        "This contact is a WhatsApp group, which cannot be answered from here. Open WhatsApp on the phone and answer there.",
        "Kenalan ini ialah kumpulan WhatsApp, yang tidak boleh dibalas dari sini. Buka WhatsApp pada telefon dan balas di sana.";
    /// The contact is a sender without a phone.
    PhoneHidden = "phone_hidden",
        "This person hides their phone number on WhatsApp, so nothing can be sent to them from here. Answer in WhatsApp on the phone, and ask for their number there.",
        "Orang ini menyembunyikan nombor telefonnya di WhatsApp, maka tiada apa yang boleh dihantar dari sini. Balas melalui WhatsApp pada telefon, dan minta nombornya di sana.";
    /// The contact is a sender without a phone, whose phone became known.
    PhoneElsewhere = "phone_elsewhere",
        "The phone number of this person is known now: the conversation goes on in the contact with that number. Write there.",
        "Nombor telefon orang ini kini diketahui: perbualan diteruskan dalam kenalan dengan nombor itu. Tulis di sana.";
    /// An attachment has no address on the web.
    NoFileAddress = "no_file_address",
        "An attachment has no address that WhatsApp can fetch. Attach the file again and send it once more.",
        "Satu lampiran tiada alamat yang boleh dimuat turun oleh WhatsApp. Lampirkan fail itu sekali lagi dan hantar semula.";
    /// The address of an attachment is too long for the gateway.
    FileAddressTooLong {
        /// The file's name.
        file: String,
    } = "file_address_too_long",
        "The address of \"{file}\" is too long for WhatsApp. Attach the file from another place and send it again.",
        "Alamat \"{file}\" terlalu panjang untuk WhatsApp. Lampirkan fail itu dari tempat lain dan hantar lagi.";
    /// The address of an attachment leads into a private network.
    FileNotPublic {
        /// The file's name.
        file: String,
    } = "file_not_public",
        "The address of \"{file}\" does not lead to a public web server, so WhatsApp cannot fetch it. Attach the file itself and send it again.",
        "Alamat \"{file}\" bukan pelayan web awam, maka WhatsApp tidak dapat memuat turunnya. Lampirkan fail itu sendiri dan hantar lagi.";
    /// The server of an attachment does not have it, or does not give it to us.
    FileGone {
        /// The file's name.
        file: String,
    } = "file_gone",
        "The file \"{file}\" is not there any more, or not for everyone to fetch. Attach it again and send it once more.",
        "Fail \"{file}\" sudah tiada, atau tidak boleh dimuat turun oleh semua orang. Lampirkan sekali lagi dan hantar semula.";
    /// An attachment is larger than what can be sent.
    FileTooLarge {
        /// The file's name.
        file: String,
        /// The largest size that can be sent.
        megabytes: u64,
    } = "file_too_large",
        "The file \"{file}\" is larger than the {megabytes} MB that can be sent. Send a smaller one, or a link to it.",
        "Fail \"{file}\" melebihi had {megabytes} MB yang boleh dihantar. Hantar fail yang lebih kecil, atau pautan kepadanya.";
    /// The location never had the app.
    NotInstalled = "not_installed",
        "This sub-account has not installed the WhatsApp app.",
        "Sub-akaun ini belum memasang aplikasi WhatsApp.";
    /// The location has uninstalled the app.
    Uninstalled = "app_uninstalled",
        "The WhatsApp app was uninstalled from this sub-account. Install it again to send.",
        "Aplikasi WhatsApp telah dinyahpasang daripada sub-akaun ini. Pasang semula untuk menghantar.";
    /// The location has the app, but no number.
    NotConnected = "not_connected",
        "No WhatsApp number is connected to this sub-account yet. Connect one in the app's settings, then send again.",
        "Belum ada nombor WhatsApp disambungkan kepada sub-akaun ini. Sambungkan satu dalam tetapan aplikasi, kemudian hantar lagi.";
    /// The gateway could not be reached in any try.
    GatewayDown = "gateway_down",
        "WhatsApp's gateway could not be reached for many hours. Please send the message again.",
        "Get laluan WhatsApp tidak dapat dihubungi selama berjam-jam. Sila hantar mesej ini sekali lagi.";
    /// WhatsApp did not accept a text in any try.
    TextNotTaken = "text_not_taken",
        "WhatsApp did not take this message. The number may have no WhatsApp. Check it and send again.",
        "WhatsApp tidak menerima mesej ini. Nombor itu mungkin tiada WhatsApp. Semak dan hantar lagi.";
    /// WhatsApp did not accept a file in any try.
    FileNotTaken = "file_not_taken",
        "WhatsApp did not take this file. The number may have no WhatsApp, or the file cannot be fetched. Check both and send it again.",
        "WhatsApp tidak menerima fail ini. Nombor itu mungkin tiada WhatsApp, atau fail tidak dapat dimuat turun. Semak kedua-duanya dan hantar lagi.";
    /// Waapify will never accept this message.
    Rejected {
        /// Waapify's words.
        words: String,
    } = "rejected",
        "Waapify refused this message: {words}. Change it and send it again.",
        "Waapify menolak mesej ini: {words}. Ubah mesej dan hantar lagi.";
    /// The text is too long for a server on the way to Waapify.
    TooLong = "too_long",
        "This message is too long for WhatsApp's gateway. Shorten it, or send it in parts.",
        "Mesej ini terlalu panjang untuk get laluan WhatsApp. Pendekkan mesej ini, atau hantar dalam beberapa bahagian.";
    /// WhatsApp refused it after Waapify had accepted it.
    Refused {
        /// WhatsApp's code.
        number: String,
    } = "refused_by_whatsapp",
        "WhatsApp refused this message (code {number}). The number may be restricted, or may not write to new contacts for now. Wait a while, or ask the customer to write first.",
        "WhatsApp menolak mesej ini (kod {number}). Nombor anda mungkin disekat, atau buat masa ini tidak boleh menulis kepada kenalan baharu. Tunggu seketika, atau minta pelanggan menulis dahulu.";
    /// Its outcome stayed unknown.
    Unconfirmed = "unconfirmed",
        "WhatsApp did not confirm this message. It may have arrived all the same: look at the chat on the phone before you send it again.",
        "WhatsApp tidak mengesahkan mesej ini. Ia mungkin sudah sampai: lihat sembang pada telefon sebelum menghantar lagi.";
    /// It waited too long.
    TooOld {
        /// How long it might wait, as a text.
        hours: String,
    } = "too_old",
        "This message waited for {hours} hours and could not be sent, and would surprise its reader now. Send it again if it is still wanted.",
        "Mesej ini menunggu selama {hours} jam dan tidak dapat dihantar, dan kini akan mengejutkan pembacanya. Hantar semula jika masih diperlukan.";
    /// The customer said STOP.
    OptedOut = "opted_out",
        "This customer wants no more messages (STOP), so this one was not sent. A person may still answer, and START from the customer lifts it.",
        "Pelanggan ini tidak mahu menerima mesej lagi (STOP), maka mesej ini tidak dihantar. Seorang pengguna masih boleh membalas, dan START daripada pelanggan membatalkannya.";
    /// "Do not disturb" is on in GHL.
    DndSet = "dnd_set",
        "Do Not Disturb is on for SMS at this contact in GHL, so this message was not sent. A person may still answer.",
        "Do Not Disturb (jangan ganggu) untuk SMS dihidupkan bagi kenalan ini dalam GHL, maka mesej ini tidak dihantar. Seorang pengguna masih boleh membalas.";
    /// The same text went to the same phone lately.
    SameTextToday = "same_text_today",
        "The same text went to this phone within the last 24 hours. Somebody who never wrote to you and gets a text twice reports it to WhatsApp, so it was not sent again. Change the text and send it again.",
        "Teks yang sama sudah dihantar ke telefon ini dalam 24 jam yang lalu. Orang yang belum pernah menulis kepada anda dan menerima teks yang sama dua kali akan melaporkannya kepada WhatsApp, maka ia tidak dihantar lagi. Ubah teks dan hantar semula.";
    /// WhatsApp says that the phone is not known there.
    NoWhatsApp = "no_whatsapp",
        "WhatsApp says that this phone number has no WhatsApp, so nothing was sent. Check the number, and write the message anew.",
        "WhatsApp menyatakan bahawa nombor telefon ini tiada WhatsApp, maka tiada apa-apa dihantar. Semak nombor itu, dan tulis mesej itu semula.";
    /// It waited for its turn among first contacts for longer than anybody would want it.
    WaitedTooLong {
        /// How long it might wait.
        days: String,
    } = "waited_too_long",
        "This message waited {days} days for its turn: more were written to people who never wrote to you than this number may send. Send it again if it is still wanted.",
        "Mesej ini menunggu gilirannya selama {days} hari: lebih banyak ditulis kepada orang yang belum pernah menulis kepada anda daripada yang boleh dihantar oleh nombor ini. Hantar semula jika masih diperlukan.";
    /// Every process that claimed it stopped.
    Lost = "lost",
        "The service stopped each time it was about to send this message, so it was given up. Write it anew, and tell support if that fails too.",
        "Perkhidmatan terhenti setiap kali hendak menghantar mesej ini, maka ia tidak dicuba lagi. Tulis semula, dan beritahu pihak sokongan jika masih gagal.";
}

/// What a person can do about a message that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Send the same message again.
    SendAgain,
    /// Correct the contact in GHL, and write anew: the message keeps what GHL delivered with it.
    CorrectContact,
    /// Write anew, as the reason says.
    WriteAnew,
    /// Nothing here: the reason says where the conversation goes on.
    Elsewhere,
    /// Nothing: its reader does not want it.
    LeaveAlone,
}

impl Failure {
    /// What a person can do about it. Sending again is offered only where it may end differently.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::NoPhone | Self::PhoneWithExtension | Self::PhoneIncomplete | Self::NoWhatsApp => {
                Remedy::CorrectContact
            }
            Self::Unreadable
            | Self::Empty
            | Self::Email
            | Self::NoFileAddress
            | Self::FileAddressTooLong { .. }
            | Self::FileNotPublic { .. }
            | Self::FileGone { .. }
            | Self::FileTooLarge { .. }
            | Self::Rejected { .. }
            | Self::SameTextToday
            | Self::TooLong => Remedy::WriteAnew,
            Self::OptedOut | Self::DndSet => Remedy::LeaveAlone,
            Self::Group | Self::PhoneHidden | Self::PhoneElsewhere => Remedy::Elsewhere,
            Self::NotInstalled
            | Self::Uninstalled
            | Self::NotConnected
            | Self::GatewayDown
            | Self::TextNotTaken
            | Self::FileNotTaken
            | Self::Refused { .. }
            | Self::Unconfirmed
            | Self::TooOld { .. }
            | Self::WaitedTooLong { .. }
            | Self::Lost => Remedy::SendAgain,
        }
    }

    /// The error code for GHL, which several failures may share.
    #[must_use]
    pub const fn error_code(&self) -> &'static str {
        match self {
            Self::PhoneWithExtension | Self::PhoneIncomplete => "invalid_phone",
            Self::NoFileAddress | Self::FileAddressTooLong { .. } | Self::FileNotPublic { .. } => {
                "bad_attachment"
            }
            Self::TextNotTaken | Self::FileNotTaken => "not_taken",
            Self::DndSet => "opted_out",
            Self::WaitedTooLong { .. } => "too_old",
            Self::Uninstalled => "uninstalled",
            _ => self.code(),
        }
    }
}
