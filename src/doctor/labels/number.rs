//! The sentences about a connected number: its link, its hold, its webhook, its acks, other locations that share
//! it.

use crate::db::webhooks::unknown_events::UnknownEvent;
use crate::doctor::acks::Restriction;
use crate::doctor::labels::Said;
use crate::model::language::Text;
use crate::model::reason::Reason;

pub(in crate::doctor) fn linked() -> Said {
    Said::only(Text::new(
        "WhatsApp is linked to Waapify.",
        "WhatsApp dipautkan ke Waapify.",
    ))
}

pub(in crate::doctor) fn unlinked() -> Said {
    Said::wrong(
        Text::new(
            "This number is not linked to Waapify any more.",
            "Nombor ini tidak lagi dipautkan ke Waapify.",
        ),
        Text::new(
            "Nothing is sent from it and no reply comes; messages wait.",
            "Tiada mesej dihantar daripadanya dan tiada balasan masuk; mesej menunggu.",
        ),
        Text::new(
            "On the app's page inside GHL press \"Link the phone again\" (or open Waapify), then on the phone WhatsApp > Linked devices > Link a device, and scan the QR code.",
            "Di halaman aplikasi dalam GHL tekan \"Pautkan telefon semula\" (atau buka Waapify), kemudian di telefon WhatsApp > Linked devices (Peranti terpaut) > Link a device (Pautkan peranti), dan imbas kod QR.",
        ),
    )
}

pub(in crate::doctor) fn other_number(linked: &str) -> Said {
    wrong_phone(Text::new(
        format!("Waapify's instance is linked to +{linked}, another number."),
        format!("Sambungan Waapify ini dipautkan ke +{linked}, iaitu nombor lain."),
    ))
}

/// As [`other_number`], if the other number is not stored.
pub(in crate::doctor) fn other_number_somewhere() -> Said {
    wrong_phone(Text::new(
        "Waapify's instance is linked to another number.",
        "Sambungan Waapify ini dipautkan ke nombor lain.",
    ))
}

fn wrong_phone(what: Text) -> Said {
    Said::wrong(
        what,
        Text::new(
            "Nothing is sent from it: messages wait, since they would leave from the wrong number.",
            "Tiada mesej dihantar daripadanya: mesej menunggu, supaya tidak keluar dari nombor yang salah.",
        ),
        Text::new(
            "On the app's page inside GHL, connect that number instead, or press \"Link the phone again\" and scan the QR code with the phone of this one.",
            "Di halaman aplikasi dalam GHL, sambung nombor itu sebagai ganti, atau tekan \"Pautkan telefon semula\" dan imbas kod QR dengan telefon nombor ini.",
        ),
    )
}

/// `words`: Waapify's, if they are known.
pub(in crate::doctor) fn credentials_refused(words: Option<&str>) -> Said {
    let words = words.map_or_else(|| ".".to_owned(), |words| format!(": {words}"));
    Said::wrong(
        Text::new(
            format!("Waapify refuses the access token or the instance id{words}"),
            format!("Waapify menolak token akses atau ID sambungan (Instance ID){words}"),
        ),
        Text::new(
            "Nothing is sent from this number and no reply comes.",
            "Tiada mesej dihantar dari nombor ini dan tiada balasan masuk.",
        ),
        Text::new(
            "Copy both from Waapify and connect the number again.",
            "Salin kedua-duanya dari Waapify dan sambung nombor semula.",
        ),
    )
}

/// `words`: Waapify's, or what happened.
pub(in crate::doctor) fn gateway_fails(words: &Text) -> Said {
    Said::wrong(
        Text::new(
            format!("Waapify gave no usable answer: {}", words.english),
            format!(
                "Waapify tidak memberi jawapan yang boleh digunakan: {}",
                words.malay
            ),
        ),
        Text::new(
            "Messages wait and are tried again until it answers.",
            "Mesej menunggu dan dicuba lagi sehingga ia menjawab.",
        ),
        Text::new(
            "Look again in some minutes. If it stays so, ask Waapify's support, or tell whoever gave you the app.",
            "Semak semula selepas beberapa minit. Jika masih sama, tanya sokongan Waapify, atau beritahu orang yang memberi anda aplikasi ini.",
        ),
    )
}

/// `until`: until when, with the distance to UTC.
pub(in crate::doctor) fn strangers_wait(until: &str) -> Said {
    Said::wrong(
        Text::new(
            format!(
                "WhatsApp refused a message of this number to somebody new (code 463), so new people wait until {until}."
            ),
            format!(
                "WhatsApp menolak satu mesej nombor ini kepada orang baharu (kod 463), maka orang baharu menunggu sehingga {until}."
            ),
        ),
        Text::new(
            "Messages to people who never wrote wait, because more of them would make WhatsApp ban the number. Answers and messages to your customers leave as always.",
            "Mesej kepada orang yang belum pernah menulis menunggu, kerana lebih banyak mesej begitu akan menyebabkan WhatsApp menyekat nombor itu. Balasan dan mesej kepada pelanggan anda dihantar seperti biasa.",
        ),
        Text::new(
            "Nothing has to be done now: it goes on by itself. Write fewer people who do not expect it, let them write first where you can, and set a lower cap in the number's settings.",
            "Tiada apa-apa perlu dibuat sekarang: ia diteruskan dengan sendiri. Kurangkan mesej kepada orang yang tidak menjangkakannya, biarkan mereka menulis dahulu jika boleh, dan tetapkan had yang lebih rendah dalam tetapan nombor.",
        ),
    )
}

pub(in crate::doctor) fn automated_stopped() -> Said {
    Said::wrong(
        Text::new(
            "WhatsApp refused several messages of this number within a day (code 463), or ended its link soon after one.",
            "WhatsApp menolak beberapa mesej nombor ini dalam sehari (kod 463), atau memutuskan pautannya tidak lama selepas itu.",
        ),
        Text::new(
            "Only what people write leaves. Everything else waits, because WhatsApp would ban the number.",
            "Hanya yang ditulis oleh orang dihantar. Yang lain menunggu, kerana WhatsApp akan menyekat nombor itu.",
        ),
        Text::new(
            "Look at WhatsApp on the phone: it says if the account is restricted, and until when. When that is over, open the number's protection on the app's page inside GHL and press \"Go on\".",
            "Lihat WhatsApp pada telefon: ia menyatakan jika akaun disekat, dan sehingga bila. Apabila selesai, buka perlindungan nombor di halaman aplikasi dalam GHL dan tekan \"Teruskan\".",
        ),
    )
}

pub(in crate::doctor) fn sealed() -> Said {
    Said::wrong(
        Text::new(
            "The number's stored access token cannot be opened here any more.",
            "Access token nombor ini yang disimpan tidak lagi dapat dibuka di sini.",
        ),
        Text::new(
            "Nothing is sent from this number.",
            "Tiada mesej dihantar dari nombor ini.",
        ),
        Text::new(
            "Connect the number again on the app's page inside GHL, or tell whoever gave you the app: its key is missing.",
            "Sambung nombor semula di halaman aplikasi dalam GHL, atau beritahu orang yang memberi anda aplikasi ini: kuncinya hilang.",
        ),
    )
}

pub(in crate::doctor) fn sends() -> Said {
    Said::only(Text::new(
        "Sending is not on hold.",
        "Penghantaran tidak ditahan.",
    ))
}

pub(in crate::doctor) fn rules_of_gone() -> Said {
    Said::wrong(
        Text::new(
            "Rules name this number, which is not connected any more.",
            "Ada peraturan yang menamakan nombor ini, yang tidak lagi disambungkan.",
        ),
        Text::new(
            "They do not count: these messages leave by the other rules, or from the default number.",
            "Ia tidak dikira: mesej ini dihantar mengikut peraturan lain, atau dari nombor lalai.",
        ),
        Text::new(
            "On the app's page inside GHL connect the number again, or change the rules (Which number messages leave from).",
            "Di halaman aplikasi dalam GHL sambung nombor itu semula, atau ubah peraturan (Nombor asal penghantaran mesej).",
        ),
    )
}

pub(in crate::doctor) fn on_hold(reason: &Reason) -> Said {
    let why = reason.texts();
    Said::wrong(
        Text::new(
            format!("Sending is on hold: {}", why.english),
            format!("Penghantaran ditahan: {}", why.malay),
        ),
        Text::new(
            "Messages wait, and leave by themselves when the reason is gone.",
            "Mesej menunggu, dan dihantar sendiri apabila sebabnya selesai.",
        ),
        Text::new(
            "Fix what the reason says. For the phone's link, press \"Link the phone again\" on the app's page inside GHL.",
            "Selesaikan apa yang dinyatakan. Untuk pautan telefon, tekan \"Pautkan telefon semula\" di halaman aplikasi dalam GHL.",
        ),
    )
}

pub(in crate::doctor) fn webhook_heard(at: &str) -> Said {
    Said::only(Text::new(
        format!("Waapify reports here, last at {at}."),
        format!("Waapify melapor ke sini, kali terakhir pada {at}."),
    ))
}

pub(in crate::doctor) fn webhook_untried() -> Said {
    Said::only(Text::new(
        "Whether Waapify reports here shows with the first message: its setting cannot be read back. Write to the number from another phone to try.",
        "Sama ada Waapify melapor ke sini akan diketahui dengan mesej pertama: tetapannya tidak boleh dibaca semula. Cuba tulis kepada nombor ini dari telefon lain.",
    ))
}

/// The number was connected more than an hour ago.
pub(in crate::doctor) fn never_called() -> Said {
    Said::wrong(
        Text::new(
            "Waapify has never called this number's webhook since it was connected.",
            "Waapify tidak pernah memanggil webhook nombor ini sejak ia disambungkan.",
        ),
        Text::new(
            "Customers' messages and ticks come by it. Until it is called, nothing shows that they reach GHL.",
            "Mesej pelanggan dan pengesahan datang melaluinya. Selagi ia tidak dipanggil, tiada bukti bahawa mesej sampai ke GHL.",
        ),
        Text::new(
            "Write to the number from another phone. If the message does not come to GHL, connect the number again on the app's page inside GHL, and check that no other tool has set its own webhook on this instance.",
            "Tulis kepada nombor ini dari telefon lain. Jika mesej itu tidak sampai ke GHL, sambung nombor semula di halaman aplikasi dalam GHL, dan pastikan tiada alat lain menetapkan webhooknya sendiri pada sambungan Waapify ini.",
        ),
    )
}

pub(in crate::doctor) fn webhook_silent(since: &str) -> Said {
    Said::wrong(
        Text::new(
            format!(
                "Waapify has reported nothing of what was sent since {since}: its webhook seems to point elsewhere."
            ),
            format!(
                "Waapify tidak melaporkan apa-apa tentang mesej yang dihantar sejak {since}: webhooknya nampaknya menghala ke tempat lain."
            ),
        ),
        Text::new(
            "Customers' replies and ticks do not come.",
            "Balasan pelanggan dan pengesahan tidak masuk.",
        ),
        Text::new(
            "The service registers the webhook again by itself. If it stays silent, connect the number again on the app's page inside GHL, and check that no other tool has set its own webhook on this instance.",
            "Perkhidmatan mendaftarkan webhook semula dengan sendiri. Jika masih senyap, sambung nombor semula di halaman aplikasi dalam GHL, dan pastikan tiada alat lain menetapkan webhooknya sendiri pada sambungan Waapify ini.",
        ),
    )
}

pub(in crate::doctor) fn acks_come() -> Said {
    Said::only(Text::new(
        "WhatsApp confirms what this number sends.",
        "WhatsApp mengesahkan mesej yang dihantar dari nombor ini.",
    ))
}

/// None: the reason is one of another version.
pub(in crate::doctor) fn restricted(why: Option<Restriction>) -> Said {
    let what = match why {
        Some(Restriction::Refused) => Text::new(
            "WhatsApp refuses one message after the other from this number (code 463): WhatsApp may have restricted it.",
            "WhatsApp menolak mesej demi mesej dari nombor ini (kod 463): WhatsApp mungkin telah menyekatnya.",
        ),
        Some(Restriction::NoAcks) | None => Text::new(
            "WhatsApp has confirmed none of the last messages from this number, though it confirms those of other numbers: WhatsApp may have restricted it.",
            "WhatsApp tidak mengesahkan satu pun mesej terakhir dari nombor ini, walaupun ia mengesahkan mesej nombor lain: WhatsApp mungkin telah menyekatnya.",
        ),
    };
    Said::wrong(
        what,
        Text::new(
            "Customers probably do not get what is sent from it, even where GHL shows it as sent.",
            "Pelanggan mungkin tidak menerima apa yang dihantar daripadanya, walaupun GHL memaparkannya sebagai dihantar.",
        ),
        Text::new(
            "Open WhatsApp on the number's phone: it says there if the account is restricted, and until when. Stop campaigns and messages to new contacts until then, because more attempts make it worse. If WhatsApp says nothing, press \"Link the phone again\" on the app's page inside GHL.",
            "Buka WhatsApp pada telefon nombor ini: di situ dinyatakan jika akaun disekat, dan sehingga bila. Hentikan kempen dan mesej kepada kenalan baharu sehingga itu, kerana lebih banyak cubaan memburukkan keadaan. Jika WhatsApp tidak menyatakan apa-apa, tekan \"Pautkan telefon semula\" di halaman aplikasi dalam GHL.",
        ),
    )
}

pub(in crate::doctor) fn alone() -> Said {
    Said::only(Text::new(
        "No other sub-account uses this number or instance.",
        "Tiada sub-akaun lain menggunakan nombor atau sambungan Waapify ini.",
    ))
}

/// Does not name the other locations, which may be another agency's.
pub(in crate::doctor) fn shared(others: usize) -> Said {
    Said::wrong(
        Text::new(
            format!("Other sub-accounts connected to the same number or instance: {others}."),
            format!(
                "Sub-akaun lain yang disambungkan ke nombor atau sambungan Waapify yang sama: {others}."
            ),
        ),
        Text::new(
            "Waapify reports to one address only: replies and ticks reach the one that was connected last.",
            "Waapify melapor ke satu alamat sahaja: balasan dan pengesahan sampai kepada yang disambungkan paling akhir.",
        ),
        Text::new(
            "Give each sub-account a number and an instance of its own. To have the replies here, connect the number here again.",
            "Beri setiap sub-akaun nombor dan sambungan Waapify sendiri. Untuk menerima balasan di sini, sambung nombor di sini semula.",
        ),
    )
}

/// Does not name the other location, which may be another agency's.
/// `by`: the sub-account, for whoever may know it.
pub(in crate::doctor) fn taken(by: Option<&str>) -> Said {
    let what = by.map_or_else(
        || {
            Text::new(
                "Another sub-account has connected this number.",
                "Sub-akaun lain telah menyambungkan nombor ini.",
            )
        },
        |by| {
            Text::new(
                format!("Another sub-account has connected this number: {by}."),
                format!("Sub-akaun lain telah menyambungkan nombor ini: {by}."),
            )
        },
    );
    Said::wrong(
        what,
        Text::new(
            "Waapify reports to one address only: replies and ticks go to that sub-account now, and none come here.",
            "Waapify melapor ke satu alamat sahaja: balasan dan pengesahan kini pergi ke sub-akaun itu, dan tiada yang datang ke sini.",
        ),
        Text::new(
            "If the number belongs here, connect it here again: then it stops there. If not, remove it here, and connect another one.",
            "Jika nombor ini milik sub-akaun ini, sambungkannya di sini semula: kemudian ia berhenti di sana. Jika tidak, buang nombor ini di sini, dan sambungkan nombor lain.",
        ),
    )
}

/// `before`: the number that was connected until then, in digits.
pub(in crate::doctor) fn replaced(before: Option<&str>) -> Said {
    let before = before.unwrap_or("?");
    Said::wrong(
        Text::new(
            format!(
                "Another number was connected by a link from outside GHL, in place of +{before}."
            ),
            format!(
                "Nombor lain telah disambungkan melalui pautan dari luar GHL, menggantikan +{before}."
            ),
        ),
        Text::new(
            "If it was not one of your people, somebody else reads your customers' replies. This notice ends after a day.",
            "Jika bukan orang anda yang melakukannya, orang lain membaca balasan pelanggan anda. Notis ini tamat selepas sehari.",
        ),
        Text::new(
            "Look which number sends on the app's page in GHL. If it is not yours, connect yours there, and remove the other.",
            "Semak nombor yang menghantar di halaman aplikasi dalam GHL. Jika bukan nombor anda, sambungkan nombor anda di situ, dan buang yang lain.",
        ),
    )
}

/// Shapes that are named; the rest is counted.
const NAMED_SHAPES: usize = 5;

/// `found`: what came in the last days, the most frequent first.
pub(in crate::doctor) fn unknown_events(found: &[UnknownEvent]) -> Said {
    let count: i64 = found.iter().map(|one| one.count).sum();
    let shapes = found.iter().take(NAMED_SHAPES);
    let shapes: Vec<String> = shapes
        .map(|one| format!("{} ({} ×)", one.shape, one.count))
        .collect();
    let shapes = shapes.join("; ");
    Said::wrong(
        Text::new(
            format!("{count} events of a kind we do not know came in the last week: {shapes}."),
            format!(
                "{count} peristiwa jenis yang tidak kami kenali tiba dalam minggu lepas: {shapes}."
            ),
        ),
        Text::new(
            "They were kept, and nothing of them was shown. If one of them was a message, it is missing in GHL.",
            "Ia disimpan, dan tiada apa-apa daripadanya dipaparkan. Jika salah satunya mesej, mesej itu tiada dalam GHL.",
        ),
        Text::new(
            "If something stands between Waapify and this service, let it pass bodies on unchanged. Otherwise tell whoever gave you the app these shapes: they have no contents.",
            "Jika ada perkhidmatan lain di antara Waapify dan perkhidmatan ini, pastikan kandungan diteruskan tanpa diubah. Jika tidak, beritahu orang yang memberi anda aplikasi ini bentuk-bentuk tersebut: ia tidak mengandungi isi mesej.",
        ),
    )
}
