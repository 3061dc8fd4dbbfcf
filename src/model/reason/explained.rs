//! What the words of vendors mean, for people who cannot read them as engineers do. The words themselves stay unchanged.

use serde_json::Value;

use crate::model::language::Text;
use crate::model::reason::Reason;

/// Parts of known words in small letters, and what they mean in English and in Malay. The first that fits counts.
const MEANINGS: [(&[&str], &str, &str); 8] = [
    (
        &[
            "cannot connect to server",
            "try again later",
            "service unavailable",
            "bad gateway",
        ],
        "Its own server is down for the moment. The service tries again by itself.",
        "Pelayannya sendiri terhenti buat masa ini. Perkhidmatan mencuba lagi dengan sendiri.",
    ),
    (
        &["not authorized for this scope", "insufficient scope"],
        "The app lacks a permission in GHL. Install it again, and accept all permissions.",
        "Aplikasi ini kekurangan satu kebenaran dalam GHL. Pasang semula dan terima semua kebenaran.",
    ),
    (
        &["rate limit", "too many requests", "slow down"],
        "It takes no more requests for the moment. The service waits, then tries again.",
        "Ia tidak menerima permintaan lagi buat masa ini. Perkhidmatan menunggu, kemudian mencuba lagi.",
    ),
    (
        &[
            "relogin",
            "login required",
            "not been activated",
            "cannot connect to whatsapp",
        ],
        "The phone is not linked to Waapify any more. Link it again.",
        "Telefon tidak lagi dipautkan ke Waapify. Pautkannya semula.",
    ),
    (
        &["access token", "instance id"],
        "Waapify does not know the credentials any more. Connect the number again.",
        "Waapify tidak lagi mengenali maklumat sambungan ini. Sambungkan nombor ini semula.",
    ),
    (
        &[
            "invalid phone",
            "invalid number",
            "not on whatsapp",
            "phone number is required",
        ],
        "This phone number is not complete, or has no WhatsApp.",
        "Nombor telefon ini tidak lengkap, atau tiada WhatsApp.",
    ),
    (
        &["not supported"],
        "WhatsApp takes no file of this kind.",
        "WhatsApp tidak menerima fail jenis ini.",
    ),
    (
        &[
            "timed out",
            "connection refused",
            "connection reset",
            "connection closed",
            "dns error",
            "error sending request",
        ],
        "The connection failed on its way. The service tries again by itself.",
        "Sambungan gagal di tengah jalan. Perkhidmatan mencuba lagi dengan sendiri.",
    ),
];

/// What the vendor's words in a reason mean, if it has any and they are known.
pub(super) fn explanation(reason: &Reason) -> Option<Text> {
    let reason = serde_json::to_value(reason).ok()?;
    let words = words_of(&reason)?.to_lowercase();
    let known = |(parts, ..): &&(&[&str], _, _)| parts.iter().any(|part| words.contains(part));
    let (_, english, malay) = MEANINGS.iter().find(known)?;
    Some(Text::new(*english, *malay))
}

/// The words of a vendor in a reason, or in a reason within it.
fn words_of(reason: &Value) -> Option<&str> {
    let args = reason.get("args")?.as_object()?;
    let own = args.get("words").and_then(Value::as_str);
    own.or_else(|| args.values().find_map(words_of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::{Answer, Hold};

    #[test]
    fn known_words_are_explained_wherever_they_stand_and_our_own_never() {
        let said = |words: &str| {
            Reason::from(Answer::WaapifySaid {
                words: words.to_owned(),
            })
        };
        let explained = |reason: &Reason| explanation(reason).map(|text| text.english.into_owned());
        let down = explained(&said("Cannot connect to server. Please try again later")).unwrap();
        assert!(down.contains("tries again by itself"), "{down}");
        assert!(
            explained(&said("Relogin required"))
                .unwrap()
                .contains("Link it again")
        );
        assert_eq!(explained(&said("Mensagem")), None);
        assert_eq!(explained(&Hold::LinkLost.into()), None);
    }
}
