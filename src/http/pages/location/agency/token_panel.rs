//! The part of the agency's page about its Waapify token.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::http::pages::layout::times;
use crate::http::pages::location::agency::user::AgencyUser;
use crate::model::language::{Language, Text};
use crate::model::zone::Zone;

/// The panel of the token; `set_at`: when it was set, if it is.
pub(super) fn panel(
    language: Language,
    user: &AgencyUser,
    set_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
    fault: Option<&Text>,
) -> Markup {
    html! {
        section.panel {
            h2 { (language.pick("Waapify's access token", "Token akses Waapify")) }
            @match set_at {
                Some(at) => p {
                    (language.pick("Stored, sealed: ", "Disimpan dan dikunci: ")) (times::ago(language, &Zone::utc(), at, now)) ". "
                    (language.pick(
                        "Each sub-account shows its QR code at once, and nobody enters a token.",
                        "Setiap sub-akaun terus menunjukkan kod QR, dan tiada siapa perlu memasukkan token.",
                    ))
                },
                None => p { (language.pick(
                    "Store it once, and each sub-account shows its QR code at once.",
                    "Simpan sekali sahaja, dan setiap sub-akaun terus menunjukkan kod QR.",
                )) },
            }
            @if user.may_change() {
                @match set_at {
                    Some(_) => details open[fault.is_some()] {
                        summary { (language.pick("Replace or remove it", "Ganti atau buang token")) }
                        (form(language, user, language.pick("Replace it", "Ganti"), fault))
                        form method="post" action=(user.address("/token/remove")) {
                            (user.token())
                            button.quiet type="submit" { (language.pick("Remove it", "Buang")) }
                            p.hint { (language.pick(
                                "Connected numbers work on.",
                                "Nombor yang sudah disambungkan tetap berfungsi.",
                            )) }
                        }
                    },
                    None => (form(language, user, language.pick("Store it", "Simpan"), fault)),
                }
            }
        }
    }
}

fn form(language: Language, user: &AgencyUser, button: &str, fault: Option<&Text>) -> Markup {
    html! {
        form method="post" action=(user.address("/token")) autocomplete="off" {
            (user.token())
            label for="access_token" { (language.pick("Access token", "Token akses")) }
            input #access_token name="access_token" type="password" required autocomplete="new-password" spellcheck="false"
                aria-invalid=[fault.map(|_| "true")]
                aria-describedby=(if fault.is_some() { "token-error token-hint" } else { "token-hint" });
            @if let Some(fault) = fault { p.error #token-error role="alert" { (fault.of(language)) } }
            p.hint #token-hint { (language.pick(
                "In Waapify: open your profile (top right) › API. It is the long text called Access token. It is not shown again, here or anywhere.",
                "Dalam Waapify: buka profil anda (atas kanan) › API. Ia teks panjang yang dipanggil Access token. Ia tidak ditunjukkan lagi, di sini atau di mana-mana.",
            )) }
            button type="submit" { (button) }
        }
    }
}
