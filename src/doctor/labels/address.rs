//! What is said of the service's own address and of the vendors'.

use crate::doctor::labels::Said;
use crate::model::language::Text;

pub(in crate::doctor) fn name_fine() -> Said {
    Said::only(Text::new(
        "PUBLIC_URL contains none of GHL's own names.",
        "PUBLIC_URL tidak mengandungi nama GHL sendiri.",
    ))
}

/// `brand`: GHL's own name that `PUBLIC_URL` contains.
pub(in crate::doctor) fn name_refused(brand: &str) -> Said {
    Said::wrong(
        Text::new(
            format!("PUBLIC_URL contains \"{brand}\", one of GHL's own names."),
            format!("PUBLIC_URL mengandungi \"{brand}\", iaitu nama GHL sendiri."),
        ),
        Text::new(
            "GHL's developer portal refuses such an address, so that the app cannot be set up.",
            "Portal pembangun GHL menolak alamat seperti ini, jadi aplikasi tidak dapat disediakan.",
        ),
        Text::new(
            "Give the service a host name without \"ghl\" and \"highlevel\", set PUBLIC_URL to it and restart. If numbers are connected already, run `waapify-ghl doctor --register-webhooks` then.",
            "Berikan perkhidmatan ini nama hos tanpa \"ghl\" dan \"highlevel\", tetapkan PUBLIC_URL kepadanya dan mulakan semula. Jika ada nombor yang sudah disambung, jalankan `waapify-ghl doctor --register-webhooks` selepas itu.",
        ),
    )
}

pub(in crate::doctor) fn vendor_https(name: &str) -> Said {
    Said::only(Text::new(
        format!("{name} is an https address."),
        format!("{name} ialah alamat https."),
    ))
}

pub(in crate::doctor) fn vendor_local(name: &str) -> Said {
    Said::wrong(
        Text::new(
            format!("{name} is an address of this machine: a simulated vendor."),
            format!("{name} ialah alamat mesin ini: vendor simulasi."),
        ),
        Text::new(
            "No real message leaves and none comes.",
            "Tiada mesej sebenar keluar atau masuk.",
        ),
        Text::new(
            format!(
                "For real use take {name} out of the environment; its default is the real address."
            ),
            format!(
                "Untuk kegunaan sebenar, buang {name} dari persekitaran; nilai asalnya ialah alamat sebenar."
            ),
        ),
    )
}

pub(in crate::doctor) fn vendor_plain(name: &str) -> Said {
    Said::wrong(
        Text::new(
            format!("{name} does not begin with https://."),
            format!("{name} tidak bermula dengan https://."),
        ),
        Text::new(
            "Access tokens travel to it, and anyone on the way can read them.",
            "Token akses dihantar kepadanya, dan sesiapa di tengah laluan boleh membacanya.",
        ),
        Text::new(
            format!("Set {name} to the vendor's https address and restart."),
            format!("Tetapkan {name} kepada alamat https vendor dan mulakan semula."),
        ),
    )
}

pub(in crate::doctor) fn public_url_reaches_us() -> Said {
    Said::only(Text::new(
        "PUBLIC_URL is https and reaches this service.",
        "PUBLIC_URL ialah https dan sampai ke perkhidmatan ini.",
    ))
}

pub(in crate::doctor) fn public_url_local() -> Said {
    Said::wrong(
        Text::new(
            "PUBLIC_URL is an address of this machine.",
            "PUBLIC_URL ialah alamat mesin ini sendiri.",
        ),
        Text::new(
            "It does for trying things out, but neither GHL nor Waapify can reach it.",
            "Ia boleh digunakan untuk mencuba, tetapi GHL dan Waapify tidak dapat mencapainya.",
        ),
        Text::new(
            "Give the service an https address on the Internet, set PUBLIC_URL to it and restart.",
            "Berikan perkhidmatan ini alamat https di Internet, tetapkan PUBLIC_URL kepadanya dan mulakan semula.",
        ),
    )
}

/// `how`: what happened when the address was asked.
pub(in crate::doctor) fn public_url_fails(how: &str) -> Said {
    Said::wrong(
        Text::new(
            format!("PUBLIC_URL does not reach this service: {how}."),
            format!("PUBLIC_URL tidak sampai ke perkhidmatan ini: {how}."),
        ),
        Text::new(
            "GHL's messages, Waapify's replies and people's browsers do not arrive.",
            "Mesej GHL, balasan Waapify dan pelayar pengguna tidak akan sampai.",
        ),
        Text::new(
            "Check that the service runs, that the name leads to it, that the proxy in front passes all paths on, and that its certificate is valid.",
            "Pastikan perkhidmatan berjalan, nama domain menuju kepadanya, proksi di hadapan meneruskan semua laluan, dan sijilnya sah.",
        ),
    )
}

pub(in crate::doctor) fn public_url_is_somebody_elses() -> Said {
    Said::wrong(
        Text::new(
            "Something answers at PUBLIC_URL, but not this deployment: another service, another PUBLIC_URL, or other ENCRYPTION_KEYS.",
            "Ada yang menjawab di PUBLIC_URL, tetapi bukan pemasangan ini: perkhidmatan lain, PUBLIC_URL lain, atau ENCRYPTION_KEYS lain.",
        ),
        Text::new(
            "GHL's messages and Waapify's replies go somewhere else.",
            "Mesej GHL dan balasan Waapify pergi ke tempat lain.",
        ),
        Text::new(
            "Set PUBLIC_URL to this deployment's own address, give every process of it the same settings, and restart.",
            "Tetapkan PUBLIC_URL kepada alamat pemasangan ini sendiri, berikan tetapan yang sama kepada setiap prosesnya, dan mulakan semula.",
        ),
    )
}
