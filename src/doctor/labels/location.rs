//! The sentences about a location: its install, its token, its SMS provider, its last messages.

use crate::doctor::labels::Said;
use crate::model::language::Text;

/// Where a person chooses the SMS provider. Users of a sub-account do not see it.
const WHERE: &str = "Settings > Phone Numbers > Advanced Settings > SMS Provider";

pub(in crate::doctor) fn installed() -> Said {
    Said::only(Text::new(
        "The app is installed in this sub-account.",
        "Aplikasi ini dipasang dalam sub-akaun ini.",
    ))
}

pub(in crate::doctor) fn unknown_location() -> Said {
    Said::wrong(
        Text::new(
            "The app is not installed in this sub-account, as far as GHL has told us.",
            "Aplikasi ini belum dipasang dalam sub-akaun ini, setakat yang diberitahu oleh GHL.",
        ),
        Text::new(
            "GHL delivers nothing from it and takes nothing for it.",
            "GHL tidak menghantar apa-apa daripadanya dan tidak menerima apa-apa untuknya.",
        ),
        Text::new(
            "Check the sub-account's id, then install the app there from GHL's marketplace.",
            "Semak ID sub-akaun, kemudian pasang aplikasi ini di situ dari marketplace GHL.",
        ),
    )
}

pub(in crate::doctor) fn waits_for_token() -> Said {
    Said::wrong(
        Text::new(
            "GHL is being asked for this sub-account's token.",
            "Token sub-akaun ini sedang diminta daripada GHL.",
        ),
        Text::new(
            "Messages wait until it comes.",
            "Mesej menunggu sehingga ia tiba.",
        ),
        Text::new(
            "Wait a minute and look again. If it stays so, uninstall the app from this sub-account and install it again.",
            "Tunggu seminit dan semak semula. Jika masih sama, nyahpasang aplikasi dari sub-akaun ini dan pasang semula.",
        ),
    )
}

/// `why`: why no agency gave a token.
pub(in crate::doctor) fn not_installed(why: &Text) -> Said {
    Said::wrong(
        Text::new(
            format!(
                "This sub-account has no token, and its agency gives none: {}",
                why.english
            ),
            format!(
                "Sub-akaun ini tiada token, dan agensinya tidak memberi: {}",
                why.malay
            ),
        ),
        Text::new(
            "No message flows in either direction.",
            "Tiada mesej dihantar atau diterima.",
        ),
        Text::new(
            "Install the app in this sub-account from GHL's marketplace.",
            "Pasang aplikasi ini dalam sub-akaun ini dari marketplace GHL.",
        ),
    )
}

pub(in crate::doctor) fn needs_reinstall(why: &Text) -> Said {
    Said::wrong(
        Text::new(
            format!("GHL has ended this sub-account's token: {}", why.english),
            format!("GHL telah menamatkan token sub-akaun ini: {}", why.malay),
        ),
        Text::new(
            "Messages wait, in both directions, until the app is installed again.",
            "Mesej menunggu, di kedua-dua arah, sehingga aplikasi dipasang semula.",
        ),
        Text::new(
            "Install the app again in this sub-account from GHL's marketplace. The connected number stays.",
            "Pasang aplikasi semula dalam sub-akaun ini dari marketplace GHL. Nombor yang disambungkan kekal.",
        ),
    )
}

pub(in crate::doctor) fn inactive() -> Said {
    Said::wrong(
        Text::new(
            "This sub-account is not active in GHL: it is paused, or its plan was cancelled.",
            "Sub-akaun ini tidak aktif dalam GHL: ia dijeda, atau pelannya dibatalkan.",
        ),
        Text::new(
            "GHL takes no calls for it; messages wait.",
            "GHL tidak menerima panggilan untuknya; mesej menunggu.",
        ),
        Text::new(
            "Have the agency make it active again. Nothing has to be installed again.",
            "Minta agensi mengaktifkannya semula. Tiada apa yang perlu dipasang semula.",
        ),
    )
}

pub(in crate::doctor) fn uninstalled() -> Said {
    Said::wrong(
        Text::new(
            "The app was uninstalled from this sub-account.",
            "Aplikasi ini telah dinyahpasang dari sub-akaun ini.",
        ),
        Text::new(
            "No message flows, and its tokens and keys are destroyed.",
            "Tiada mesej dihantar atau diterima, dan token serta kuncinya telah dimusnahkan.",
        ),
        Text::new(
            "If that was not meant, install the app again and connect the number again.",
            "Jika itu tidak disengajakan, pasang aplikasi semula dan sambung nombor semula.",
        ),
    )
}

pub(in crate::doctor) fn token_works() -> Said {
    Said::only(Text::new(
        "GHL accepts this sub-account's token.",
        "GHL menerima token sub-akaun ini.",
    ))
}

/// `why`: GHL's words.
pub(in crate::doctor) fn token_refused(why: &Text) -> Said {
    Said::wrong(
        Text::new(
            format!("GHL refuses this sub-account's token: {}", why.english),
            format!("GHL menolak token sub-akaun ini: {}", why.malay),
        ),
        Text::new(
            "Customers' messages and ticks do not reach GHL.",
            "Mesej pelanggan dan pengesahan tidak sampai ke GHL.",
        ),
        Text::new(
            "Look again in some minutes. If it stays so, uninstall the app from this sub-account and install it again.",
            "Semak semula selepas beberapa minit. Jika masih sama, nyahpasang aplikasi dari sub-akaun ini dan pasang semula.",
        ),
    )
}

/// `why`: what happened.
pub(in crate::doctor) fn ghl_silent(why: &Text) -> Said {
    Said::wrong(
        Text::new(
            format!("GHL gave no usable answer: {}", why.english),
            format!(
                "GHL tidak memberi jawapan yang boleh digunakan: {}",
                why.malay
            ),
        ),
        Text::new(
            "This could not be checked; messages wait and are tried again.",
            "Perkara ini tidak dapat disemak; mesej menunggu dan akan dicuba lagi.",
        ),
        Text::new(
            "Look again in some minutes.",
            "Semak semula selepas beberapa minit.",
        ),
    )
}

pub(in crate::doctor) fn token_sealed() -> Said {
    Said::wrong(
        Text::new(
            "This sub-account's stored token cannot be opened here any more.",
            "Token sub-akaun ini yang disimpan tidak lagi dapat dibuka di sini.",
        ),
        Text::new(
            "Nothing reaches GHL from here.",
            "Tiada apa yang sampai ke GHL dari sini.",
        ),
        Text::new(
            "Install the app again in this sub-account, or tell whoever gave you the app: its key is missing.",
            "Pasang aplikasi semula dalam sub-akaun ini, atau beritahu orang yang memberi anda aplikasi ini: kuncinya hilang.",
        ),
    )
}

pub(in crate::doctor) fn scopes_suffice() -> Said {
    Said::only(Text::new(
        "The app has every scope it needs.",
        "Aplikasi ini mempunyai semua scope yang diperlukan.",
    ))
}

/// `why`: the missing scopes, or GHL's refusal.
pub(in crate::doctor) fn scopes_missing(why: &Text) -> Said {
    Said::wrong(
        Text::new(
            format!("The app lacks scopes in this sub-account: {}", why.english),
            format!(
                "Aplikasi ini kekurangan scope dalam sub-akaun ini: {}",
                why.malay
            ),
        ),
        Text::new(
            "GHL refuses every call that needs them.",
            "GHL menolak setiap panggilan yang memerlukannya.",
        ),
        Text::new(
            "In GHL's developer portal add the scopes to a new version of the app (its target user must be Sub-Account) and publish it. Then uninstall the app from this sub-account and install it again.",
            "Di portal pembangun GHL, tambah scope itu pada versi baharu aplikasi (target user mestilah Sub-Account) dan terbitkannya. Kemudian nyahpasang aplikasi dari sub-akaun ini dan pasang semula.",
        ),
    )
}

pub(in crate::doctor) fn provider_ours() -> Said {
    Said::only(Text::new(
        "We are this sub-account's default SMS provider.",
        "Kami ialah penyedia SMS utama sub-akaun ini.",
    ))
}

/// `name`: GHL's name of the default provider, which looks like ours.
pub(in crate::doctor) fn provider_ours_by_name(name: &str) -> Said {
    Said::only(Text::new(
        format!("The default SMS provider is \"{name}\", which is ours by its name."),
        format!("Penyedia SMS utama ialah \"{name}\", iaitu milik kami mengikut namanya."),
    ))
}

pub(in crate::doctor) fn provider_unclear(name: &str) -> Said {
    Said::wrong(
        Text::new(
            format!("The default SMS provider is \"{name}\". Whether that is ours cannot be told."),
            format!(
                "Penyedia SMS utama ialah \"{name}\". Sama ada itu milik kami tidak dapat dipastikan."
            ),
        ),
        Text::new(
            "If it is another app's, what the business writes does not come here.",
            "Jika ia milik aplikasi lain, mesej perniagaan tidak sampai ke sini.",
        ),
        Text::new(
            format!(
                "Write a message in GHL. If it does not come to WhatsApp, have an agency admin choose our provider at {WHERE}, or tell whoever gave you the app."
            ),
            format!(
                "Tulis satu mesej dalam GHL. Jika ia tidak sampai ke WhatsApp, minta admin agensi memilih penyedia kami di {WHERE}, atau beritahu orang yang memberi anda aplikasi ini."
            ),
        ),
    )
}

/// `other`: the default provider, none if there is none. Ours could be chosen.
pub(in crate::doctor) fn provider_not_chosen(other: Option<&str>) -> Said {
    let what = match other {
        Some(name) => Text::new(
            format!("The default SMS provider is \"{name}\", not ours."),
            format!("Penyedia SMS utama ialah \"{name}\", bukan kami."),
        ),
        None => Text::new(
            "No default SMS provider has been chosen yet.",
            "Penyedia SMS utama belum dipilih.",
        ),
    };
    Said::wrong(
        what,
        Text::new(
            "What the business sends, workflows and campaigns included, does not go over WhatsApp.",
            "Mesej yang dihantar perniagaan, termasuk workflow dan kempen, tidak melalui WhatsApp.",
        ),
        Text::new(
            format!(
                "Have an agency admin open the sub-account in GHL, go to {WHERE}, choose our provider and save. Users of the sub-account do not see this setting."
            ),
            format!(
                "Minta admin agensi membuka sub-akaun dalam GHL, pergi ke {WHERE}, pilih penyedia kami dan simpan. Pengguna sub-akaun tidak nampak tetapan ini."
            ),
        ),
    )
}

/// `other`: the default provider, none if there is none. Ours could not be chosen.
pub(in crate::doctor) fn provider_not_offered(other: Option<&str>) -> Said {
    let (now, kini) = other.map_or_else(Default::default, |name| {
        (
            format!(" (the default is \"{name}\")"),
            format!(" (yang utama ialah \"{name}\")"),
        )
    });
    Said::wrong(
        Text::new(
            format!("GHL does not offer our SMS provider in this sub-account{now}."),
            format!("GHL tidak menawarkan penyedia SMS kami dalam sub-akaun ini{kini}."),
        ),
        Text::new(
            "Nobody can choose it, so that nothing goes over WhatsApp.",
            "Tiada siapa boleh memilihnya, jadi tiada mesej melalui WhatsApp.",
        ),
        Text::new(
            format!(
                "If the provider was created after this install, uninstall the app from this sub-account and install it again. Otherwise look in GHL's developer portal: the provider's type must be SMS, \"custom conversation provider\" must not be ticked, the app's target user must be Sub-Account, and its scopes must hold conversations/message.write and locations.readonly. Then choose it at {WHERE}."
            ),
            format!(
                "Jika penyedia dicipta selepas pemasangan ini, nyahpasang aplikasi dari sub-akaun ini dan pasang semula. Jika tidak, semak di portal pembangun GHL: jenis penyedia mestilah SMS, \"custom conversation provider\" tidak boleh ditanda, target user aplikasi mestilah Sub-Account, dan scopenya mesti ada conversations/message.write dan locations.readonly. Kemudian pilih di {WHERE}."
            ),
        ),
    )
}

pub(in crate::doctor) fn last_delivery(at: &str) -> Said {
    Said::only(Text::new(
        format!("GHL last delivered a message at {at}."),
        format!("GHL kali terakhir menghantar mesej pada {at}."),
    ))
}

pub(in crate::doctor) fn no_delivery() -> Said {
    Said::only(Text::new(
        "GHL has not delivered a message yet. Write one to a contact in GHL to try.",
        "GHL belum menghantar sebarang mesej. Cuba tulis satu kepada kenalan dalam GHL.",
    ))
}

/// The number was connected more than an hour ago.
pub(in crate::doctor) fn never_delivered() -> Said {
    Said::wrong(
        Text::new(
            "GHL has delivered no message here since the number was connected.",
            "GHL belum menghantar sebarang mesej ke sini sejak nombor disambungkan.",
        ),
        Text::new(
            "Until it does, nothing shows that what the business writes goes over WhatsApp.",
            "Selagi belum, tiada bukti bahawa mesej perniagaan dihantar melalui WhatsApp.",
        ),
        Text::new(
            format!(
                "Write a message to a contact in GHL. If it does not come to WhatsApp, have an agency admin go to {WHERE}, choose our provider and save. Users of the sub-account do not see this setting."
            ),
            format!(
                "Tulis satu mesej kepada kenalan dalam GHL. Jika ia tidak sampai ke WhatsApp, minta admin agensi pergi ke {WHERE}, pilih penyedia kami dan simpan. Pengguna sub-akaun tidak nampak tetapan ini."
            ),
        ),
    )
}

pub(in crate::doctor) fn last_inbound(at: &str) -> Said {
    Said::only(Text::new(
        format!("A customer last wrote at {at}."),
        format!("Pelanggan kali terakhir menulis pada {at}."),
    ))
}

pub(in crate::doctor) fn no_inbound() -> Said {
    Said::only(Text::new(
        "No customer has written yet. Write to the number from another phone to try.",
        "Belum ada pelanggan menulis. Cuba tulis kepada nombor ini dari telefon lain.",
    ))
}

pub(in crate::doctor) fn last_ack(at: &str) -> Said {
    Said::only(Text::new(
        format!("WhatsApp last confirmed a delivery at {at}."),
        format!("WhatsApp kali terakhir mengesahkan penghantaran pada {at}."),
    ))
}

pub(in crate::doctor) fn no_ack() -> Said {
    Said::only(Text::new(
        "WhatsApp has not confirmed a delivery yet.",
        "WhatsApp belum mengesahkan sebarang penghantaran.",
    ))
}

pub(in crate::doctor) fn no_number() -> Said {
    Said::wrong(
        Text::new(
            "No WhatsApp number is connected to this sub-account.",
            "Tiada nombor WhatsApp disambungkan ke sub-akaun ini.",
        ),
        Text::new(
            "What the business writes fails at once: there is no number to send it from.",
            "Mesej perniagaan gagal serta-merta: tiada nombor untuk menghantarnya.",
        ),
        Text::new(
            "Connect a number on the app's page inside GHL, or with the link that followed the install.",
            "Sambung nombor di halaman aplikasi dalam GHL, atau dengan pautan yang diberi selepas pemasangan.",
        ),
    )
}
