//! The sentences about the service as a whole: settings, addresses, the database, keys.

use time::Duration;

use crate::config::{Fault, NOT_SET};
use crate::doctor::labels::Said;
use crate::model::alert::AlertFault;
use crate::model::language::Text;

pub(in crate::doctor) fn settings_complete() -> Said {
    Said::only(Text::new("The settings are complete.", "Tetapan lengkap."))
}

pub(in crate::doctor) fn setting_fault(fault: &Fault) -> Said {
    let Fault { name, what } = fault;
    let malay = if what == NOT_SET {
        format!("{name} belum ditetapkan.")
    } else {
        format!("{name} tidak betul ({what}).")
    };
    Said::wrong(
        Text::new(format!("{name} {what}."), malay),
        Text::new(
            "The service does not start without it.",
            "Perkhidmatan tidak akan bermula tanpanya.",
        ),
        Text::new(
            format!(
                "Set {name} in the environment (config/sample.env describes it) and restart the service."
            ),
            format!(
                "Tetapkan {name} dalam persekitaran (lihat config/sample.env) dan mulakan semula perkhidmatan."
            ),
        ),
    )
}

pub(in crate::doctor) fn client_id_plausible(app_id: &str) -> Said {
    Said::only(Text::new(
        format!("The client id belongs to the app {app_id}."),
        format!("Client ID ini milik aplikasi {app_id}."),
    ))
}

pub(in crate::doctor) fn client_id_odd() -> Said {
    Said::wrong(
        Text::new(
            "GHL_CLIENT_ID is no client id: those look like 66b1f0a2c3d4e5f60718293a-m1abc2de.",
            "GHL_CLIENT_ID bukan client ID yang sah: bentuknya seperti 66b1f0a2c3d4e5f60718293a-m1abc2de.",
        ),
        Text::new(
            "Installs fail, and GHL's events about the app are not taken for ours.",
            "Pemasangan gagal, dan peristiwa GHL tentang aplikasi ini tidak dikenali sebagai milik kami.",
        ),
        Text::new(
            "Copy the client id from GHL's developer portal: your app > Advanced Settings > Auth > Client Keys. Take all of it, the part after the dash too.",
            "Salin client ID dari portal pembangun GHL: aplikasi anda > Advanced Settings > Auth > Client Keys. Salin kesemuanya, termasuk bahagian selepas tanda sempang.",
        ),
    )
}

pub(in crate::doctor) fn client_secret_odd() -> Said {
    Said::wrong(
        Text::new(
            "GHL_CLIENT_SECRET is the same as the client id or the shared secret.",
            "GHL_CLIENT_SECRET sama dengan client ID atau shared secret.",
        ),
        Text::new(
            "Every install fails, because GHL refuses the keys.",
            "Setiap pemasangan gagal kerana GHL menolak kunci ini.",
        ),
        Text::new(
            "Make a new client key in GHL's developer portal (your app > Advanced Settings > Auth > Client Keys) and copy its secret; GHL shows it only once.",
            "Buat client key baharu di portal pembangun GHL (aplikasi anda > Advanced Settings > Auth > Client Keys) dan salin secretnya; GHL menunjukkannya sekali sahaja.",
        ),
    )
}

pub(in crate::doctor) fn client_secret_set() -> Said {
    Said::only(Text::new(
        "The client secret is set.",
        "Client secret telah ditetapkan.",
    ))
}

/// An optional setting that is set.
pub(in crate::doctor) fn option_set(name: &str) -> Said {
    Said::only(Text::new(
        format!("{name} is set."),
        format!("{name} telah ditetapkan."),
    ))
}

pub(in crate::doctor) fn shared_secret_unset() -> Said {
    Said::wrong(
        Text::new(
            "GHL_SHARED_SECRET is not set.",
            "GHL_SHARED_SECRET belum ditetapkan.",
        ),
        Text::new(
            "The page inside GHL, where a business connects its number, stays closed.",
            "Halaman dalam GHL, tempat perniagaan menyambung nombornya, kekal tertutup.",
        ),
        Text::new(
            "Copy it from GHL's developer portal (your app > Advanced Settings > Auth > Shared Secret), set GHL_SHARED_SECRET and restart.",
            "Salin dari portal pembangun GHL (aplikasi anda > Advanced Settings > Auth > Shared Secret), tetapkan GHL_SHARED_SECRET dan mulakan semula.",
        ),
    )
}

pub(in crate::doctor) fn provider_id_unset() -> Said {
    Said::wrong(
        Text::new(
            "GHL_CONVERSATION_PROVIDER_ID is not set.",
            "GHL_CONVERSATION_PROVIDER_ID belum ditetapkan.",
        ),
        Text::new(
            "Whether we are a sub-account's SMS provider can then only be guessed from names.",
            "Tanpa ini, sama ada kami penyedia SMS sesuatu sub-akaun hanya boleh diteka daripada nama.",
        ),
        Text::new(
            "Copy the provider's id from GHL's developer portal (your app > Modules > Conversation Providers), set GHL_CONVERSATION_PROVIDER_ID and restart.",
            "Salin ID penyedia dari portal pembangun GHL (aplikasi anda > Modules > Conversation Providers), tetapkan GHL_CONVERSATION_PROVIDER_ID dan mulakan semula.",
        ),
    )
}

pub(in crate::doctor) fn admin_token_unset() -> Said {
    Said::wrong(
        Text::new("ADMIN_TOKEN is not set.", "ADMIN_TOKEN belum ditetapkan."),
        Text::new(
            "The operator's pages and /metrics are off.",
            "Halaman pengendali dan /metrics dimatikan.",
        ),
        Text::new(
            "Make one with `openssl rand -hex 32`, set ADMIN_TOKEN and restart.",
            "Buat satu dengan `openssl rand -hex 32`, tetapkan ADMIN_TOKEN dan mulakan semula.",
        ),
    )
}

pub(in crate::doctor) fn database_fine() -> Said {
    Said::only(Text::new(
        "The database answers and its schema is up to date.",
        "Pangkalan data menjawab dan skemanya terkini.",
    ))
}

pub(in crate::doctor) fn clock_fine() -> Said {
    Said::only(Text::new(
        "This machine's clock agrees with the database's.",
        "Jam mesin ini sama dengan jam pangkalan data.",
    ))
}

pub(in crate::doctor) fn clock_off(ahead: Duration) -> Said {
    let seconds = ahead.abs().whole_seconds().max(1);
    let (english, malay) = if ahead.is_negative() {
        ("behind", "lewat")
    } else {
        ("ahead of", "awal")
    };
    Said::wrong(
        Text::new(
            format!("This machine's clock is {seconds} seconds {english} the database's."),
            format!("Jam mesin ini {seconds} saat lebih {malay} daripada jam pangkalan data."),
        ),
        Text::new(
            "The service goes by the database's clock, so messages are not affected. Logs show this machine's time.",
            "Perkhidmatan mengikut jam pangkalan data, jadi mesej tidak terjejas. Log menunjukkan masa mesin ini.",
        ),
        Text::new(
            "Let both machines set their clocks by NTP.",
            "Biarkan kedua-dua mesin menetapkan jamnya melalui NTP.",
        ),
    )
}

pub(in crate::doctor) fn database_away() -> Said {
    Said::wrong(
        Text::new(
            "The database does not answer.",
            "Pangkalan data tidak menjawab.",
        ),
        Text::new(
            "Nothing is accepted and nothing is sent without it; GHL is asked to try again later.",
            "Tiada mesej diterima atau dihantar tanpanya; GHL diminta mencuba lagi kemudian.",
        ),
        Text::new(
            "Check DATABASE_URL, that PostgreSQL runs, and that this machine may connect to it.",
            "Semak DATABASE_URL, pastikan PostgreSQL berjalan, dan mesin ini dibenarkan menyambung kepadanya.",
        ),
    )
}

pub(in crate::doctor) fn migrations_missing(count: usize) -> Said {
    Said::wrong(
        Text::new(
            format!("The database's schema is too old: {count} migrations are missing."),
            format!("Skema pangkalan data terlalu lama: {count} migrasi belum dijalankan."),
        ),
        Text::new(
            "Parts of the service fail until it is brought up to date.",
            "Sebahagian perkhidmatan gagal sehingga ia dikemas kini.",
        ),
        Text::new(
            "Run `waapify-ghl migrate`, or restart the service: it does so when it starts.",
            "Jalankan `waapify-ghl migrate`, atau mulakan semula perkhidmatan: ia melakukannya ketika bermula.",
        ),
    )
}

pub(in crate::doctor) fn migrations_foreign() -> Said {
    Said::wrong(
        Text::new(
            "The database's schema was made by another version of this program.",
            "Skema pangkalan data dibuat oleh versi lain program ini.",
        ),
        Text::new(
            "This version does not start with it.",
            "Versi ini tidak dapat bermula dengannya.",
        ),
        Text::new(
            "Run the newest version that this database has seen, or name another database in DATABASE_URL.",
            "Jalankan versi terbaru yang pernah digunakan pada pangkalan data ini, atau namakan pangkalan data lain dalam DATABASE_URL.",
        ),
    )
}

pub(in crate::doctor) fn keys_fit() -> Said {
    Said::only(Text::new(
        "ENCRYPTION_KEYS opens everything that is stored.",
        "ENCRYPTION_KEYS membuka semua yang disimpan.",
    ))
}

pub(in crate::doctor) fn keys_missing(count: i64) -> Said {
    Said::wrong(
        Text::new(
            format!("ENCRYPTION_KEYS does not open {count} of the stored tokens and credentials."),
            format!(
                "ENCRYPTION_KEYS tidak dapat membuka {count} token dan maklumat sambungan yang disimpan."
            ),
        ),
        Text::new(
            "The service does not start, so that nothing is lost.",
            "Perkhidmatan tidak bermula, supaya tiada apa yang hilang.",
        ),
        Text::new(
            "Add the key that was used before, after the newest, separated by a comma. If it is lost, install the app and connect every number again, in an empty database.",
            "Tambah kunci yang digunakan dahulu, selepas kunci terbaru, dipisahkan dengan koma. Jika ia hilang, pasang aplikasi dan sambung setiap nombor semula, dalam pangkalan data kosong.",
        ),
    )
}

pub(in crate::doctor) fn app_keys_accepted(at: &str) -> Said {
    Said::only(Text::new(
        format!("GHL accepted the app's client keys, last at {at}."),
        format!("GHL menerima client key aplikasi ini, kali terakhir pada {at}."),
    ))
}

pub(in crate::doctor) fn app_keys_untried() -> Said {
    Said::only(Text::new(
        "Whether GHL accepts the app's client keys shows at the first install: they cannot be tried without one.",
        "Sama ada GHL menerima client key aplikasi ini akan diketahui pada pemasangan pertama: ia tidak boleh dicuba tanpanya.",
    ))
}

/// `was_accepted`: GHL accepted the keys before, so that a used code cannot be the cause.
pub(in crate::doctor) fn app_keys_refused(at: &str, why: &Text, was_accepted: bool) -> Said {
    let (why, sebab) = (&why.english, &why.malay);
    let (perhaps, barangkali) = if was_accepted {
        ("", "")
    } else {
        (
            " (or the install link was opened twice, which GHL refuses in the same words)",
            " (atau pautan pemasangan dibuka dua kali, yang ditolak GHL dengan kata yang sama)",
        )
    };
    Said::wrong(
        Text::new(
            format!("GHL refused the app's client keys at {at}{perhaps}: {why}"),
            format!("GHL menolak client key aplikasi ini pada {at}{barangkali}: {sebab}"),
        ),
        Text::new(
            "The app can be installed nowhere, and tokens are not renewed.",
            "Aplikasi tidak boleh dipasang di mana-mana, dan token tidak diperbaharui.",
        ),
        Text::new(
            "Copy GHL_CLIENT_ID and GHL_CLIENT_SECRET of the same client key from GHL's developer portal (your app > Advanced Settings > Auth), restart, and install once more.",
            "Salin GHL_CLIENT_ID dan GHL_CLIENT_SECRET daripada client key yang sama di portal pembangun GHL (aplikasi anda > Advanced Settings > Auth), mulakan semula, dan pasang sekali lagi.",
        ),
    )
}

/// `why`: the gateway's words, or what happened.
pub(in crate::doctor) fn gateway_down(why: &Text) -> Said {
    let (why, sebab) = (&why.english, &why.malay);
    Said::wrong(
        Text::new(
            format!("Waapify fails for every number: {why}"),
            format!("Waapify gagal untuk semua nombor: {sebab}"),
        ),
        Text::new(
            "No message leaves. They wait, and leave by themselves when Waapify works again; those that wait longer than a day fail.",
            "Tiada mesej dihantar. Mesej menunggu, dan dihantar sendiri apabila Waapify berfungsi semula; yang menunggu lebih sehari akan gagal.",
        ),
        Text::new(
            "Ask Waapify's support whether their service has an outage.",
            "Tanya sokongan Waapify sama ada perkhidmatan mereka terganggu.",
        ),
    )
}

/// `channel`: the target's name, such as `operator/webhook`.
pub(in crate::doctor) fn alerts_fail(channel: &str, why: Option<AlertFault>) -> Said {
    let why = why.map_or_else(|| Text::new("?", "?"), AlertFault::text);
    let (why, sebab) = (&why.english, &why.malay);
    Said::wrong(
        Text::new(
            format!("Alerts cannot be delivered to {channel}: {why}."),
            format!("Makluman tidak dapat dihantar kepada {channel}: {sebab}."),
        ),
        Text::new(
            "Nobody is told there of what is wrong, unless he looks at the pages.",
            "Tiada siapa dimaklumkan di situ tentang masalah, melainkan dia melihat halaman.",
        ),
        Text::new(
            "Correct the target: the operator's is in the settings (ALERT_…), an agency's on its page inside GHL. It is tried again at least once an hour.",
            "Betulkan sasarannya: sasaran pengendali ada dalam tetapan (ALERT_…), sasaran agensi di halamannya dalam GHL. Ia dicuba semula sekurang-kurangnya setiap jam.",
        ),
    )
}

pub(in crate::doctor) fn agency_dead(company: &str, why: &Text) -> Said {
    let (why, sebab) = (&why.english, &why.malay);
    Said::wrong(
        Text::new(
            format!("GHL does not renew the token of agency {company}: {why}"),
            format!("GHL tidak memperbaharui token agensi {company}: {sebab}"),
        ),
        Text::new(
            "New sub-accounts of this agency get no token; those that have their own go on.",
            "Sub-akaun baharu agensi ini tidak mendapat token; sub-akaun yang ada token sendiri terus berjalan.",
        ),
        Text::new(
            "Ask the agency to install the app again from GHL's marketplace.",
            "Minta agensi memasang aplikasi ini semula dari marketplace GHL.",
        ),
    )
}
