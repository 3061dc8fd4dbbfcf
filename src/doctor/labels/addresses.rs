//! The sentences about the addresses that GHL is given.

use crate::doctor::labels::Said;
use crate::model::language::Text;

pub(in crate::doctor) fn plain_addresses_open() -> Said {
    Said::wrong(
        Text::new(
            "ACCEPT_PLAIN_HOOKS is on: /hooks/delivery and /hooks/app are taken without their secret part, too.",
            "ACCEPT_PLAIN_HOOKS dihidupkan: /hooks/delivery dan /hooks/app turut diterima tanpa bahagian rahsianya.",
        ),
        Text::new(
            "GHL signs for all apps with one key, so anyone can have another app's messages sent from your numbers.",
            "GHL menandatangani untuk semua aplikasi dengan satu kunci, jadi sesiapa pun boleh menyebabkan mesej aplikasi lain dihantar daripada nombor anda.",
        ),
        enter_addresses(
            "Then remove ACCEPT_PLAIN_HOOKS and restart.",
            "Kemudian buang ACCEPT_PLAIN_HOOKS dan mulakan semula.",
        ),
    )
}

pub(in crate::doctor) fn delivery_at_app(at: &str) -> Said {
    Said::wrong(
        Text::new(
            format!("A delivery arrived at the app's webhook, last at {at}."),
            format!("Satu penghantaran tiba di webhook aplikasi, kali terakhir pada {at}."),
        ),
        Text::new(
            "It was refused: messages that businesses write in GHL do not leave.",
            "Ia ditolak: mesej yang ditulis perniagaan dalam GHL tidak dihantar.",
        ),
        enter_addresses(
            "The Delivery URL belongs into the conversation provider.",
            "Delivery URL perlu diisi pada conversation provider.",
        ),
    )
}

pub(in crate::doctor) fn event_at_delivery(at: &str) -> Said {
    Said::wrong(
        Text::new(
            format!("An event arrived at the Delivery URL, last at {at}."),
            format!("Satu peristiwa tiba di Delivery URL, kali terakhir pada {at}."),
        ),
        Text::new(
            "It was left alone: installs and uninstalls that come there are not seen.",
            "Ia dibiarkan: pemasangan dan penyahpasangan yang tiba di situ tidak diketahui.",
        ),
        enter_addresses(
            "The Default Webhook URL is another address than the Delivery URL.",
            "Default Webhook URL ialah alamat yang berbeza daripada Delivery URL.",
        ),
    )
}

pub(in crate::doctor) fn plain_address_used(at: &str) -> Said {
    Said::wrong(
        Text::new(
            format!(
                "Somebody posted to /hooks/delivery or /hooks/app without the secret part, last at {at}."
            ),
            format!(
                "Seseorang menghantar ke /hooks/delivery atau /hooks/app tanpa bahagian rahsia, kali terakhir pada {at}."
            ),
        ),
        Text::new(
            "It was refused. If it was GHL, messages do not leave.",
            "Ia ditolak. Jika ia daripada GHL, mesej tidak dihantar.",
        ),
        enter_addresses(
            "Until that is done, ACCEPT_PLAIN_HOOKS=true takes posts at the plain addresses, too.",
            "Sementara itu, ACCEPT_PLAIN_HOOKS=true turut menerima hantaran di alamat tanpa rahsia.",
        ),
    )
}

/// What to do about any of these, and something more.
fn enter_addresses(more: &str, more_malay: &str) -> Text {
    Text::new(
        format!(
            "Run `waapify-ghl marketplace --show-secrets` and enter the addresses that it prints in GHL's developer portal. {more}"
        ),
        format!(
            "Jalankan `waapify-ghl marketplace --show-secrets` dan masukkan alamat yang dipaparkannya di portal pembangun GHL. {more_malay}"
        ),
    )
}
