//! Why a number was not connected: the cause, the form field it is about, and what to fix, in both languages.

use std::fmt;

use crate::clients::waapify::CheckError;
use crate::crypto::OpenError;
use crate::model::language::Text;
use crate::model::reason::Reason;

/// A field that a person fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Waapify's instance id.
    InstanceId,
    /// Waapify's access token.
    AccessToken,
    /// The WhatsApp number.
    Number,
}

impl Field {
    /// Its name in forms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InstanceId => "instance_id",
            Self::AccessToken => "access_token",
            Self::Number => "number",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Self::InstanceId => Text::new("Instance id", "ID sambungan (Instance ID)"),
            Self::AccessToken => Text::new("Access token", "Token akses"),
            Self::Number => Text::new("WhatsApp number", "Nombor WhatsApp"),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InstanceId => "The instance id",
            Self::AccessToken => "The access token",
            Self::Number => "The WhatsApp number",
        })
    }
}

/// Why a number was not connected. Each variant says what to fix.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A field is empty, or its text cannot be an id or token.
    #[error("{0} is empty or not complete: copy it from Waapify.")]
    Field(Field),
    /// The number is not written in full.
    #[error("the WhatsApp number must be written with its country code, such as 60123456789")]
    BadNumber,
    /// The instance is linked to another number.
    #[error(
        "this instance is linked to +{linked}, not to the number you entered. Enter that number, or the instance of yours."
    )]
    OtherNumber {
        /// The number that Waapify names, in digits.
        linked: String,
    },
    /// Neither the person nor Waapify named the number.
    #[error("Waapify does not say which number is linked to this instance: enter it")]
    Unnamed,
    /// The location has another number, and nobody said that it may be replaced.
    #[error(
        "this sub-account is connected already, to +{connected}. To replace that number, tick the box and send the form again."
    )]
    WouldReplace {
        /// The connected number, in digits.
        connected: String,
    },
    /// The number is another sub-account's, and nobody can be asked whether it may be taken over.
    #[error(
        "this number is connected to another sub-account. To move it here, open the app's page in GHL and connect it there: that page asks before the number stops there"
    )]
    HeldElsewhere,
    /// The instance waits for another sub-account's phone.
    #[error(
        "this Waapify account is linking another number right now: a number of another sub-account waits for its QR code. Link that one first, or close its page and try again in two minutes."
    )]
    Busy,
    /// Waapify did not accept the credentials.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// While Waapify was asked, the link was used by someone else, or its location was uninstalled.
    #[error("this link does not work any more")]
    LinkGone,
    /// A stored secret cannot be opened.
    #[error(transparent)]
    Seal(#[from] OpenError),
    /// Waapify did not accept the address of our webhook.
    #[error("Waapify did not accept the address for replies: {0}")]
    Webhook(CheckError),
    /// The database failed.
    #[error("the database failed; nothing was changed, try again")]
    Database(#[from] sqlx::Error),
}

impl ConnectError {
    /// The field to fix, if it is known.
    #[must_use]
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Field(field) => Some(*field),
            Self::BadNumber | Self::OtherNumber { .. } | Self::Unnamed => Some(Field::Number),
            Self::Check(CheckError::Credentials(said)) => {
                let said = said.to_lowercase();
                let is_instance = said.contains("instance") && !said.contains("access token");
                Some(if is_instance {
                    Field::InstanceId
                } else {
                    Field::AccessToken
                })
            }
            Self::Check(CheckError::NotLinked(_)) => Some(Field::InstanceId),
            Self::Check(_)
            | Self::WouldReplace { .. }
            | Self::HeldElsewhere
            | Self::Busy
            | Self::LinkGone
            | Self::Seal(_)
            | Self::Webhook(_)
            | Self::Database(_) => None,
        }
    }

    /// Whether the problem may pass by itself.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Database(_)
                | Self::Check(CheckError::Unreachable(_))
                | Self::Webhook(CheckError::Unreachable(_))
        )
    }

    /// Whether Waapify itself does not know the token, or there is none: only then another token helps.
    #[must_use]
    pub fn blames_token(&self) -> bool {
        self.field() == Some(Field::AccessToken)
    }

    /// A sentence for people.
    #[must_use]
    pub fn text(&self) -> Text {
        let malay = match self {
            Self::Check(CheckError::Unreachable(cause))
            | Self::Webhook(CheckError::Unreachable(cause)) => return unreachable_text(cause),
            Self::Field(field) => format!(
                "{} kosong atau tidak lengkap: salin semula dari Waapify.",
                field.label().malay
            ),
            Self::BadNumber => {
                "Nombor WhatsApp mesti ditulis dengan kod negara, contohnya 60123456789".to_owned()
            }
            Self::OtherNumber { linked } => format!(
                "Sambungan Waapify ini dipautkan kepada +{linked}, bukan nombor yang anda masukkan. Masukkan nombor itu, atau sambungan anda sendiri."
            ),
            Self::Unnamed => {
                "Waapify tidak menyatakan nombor yang dipautkan kepada sambungan Waapify ini: masukkan nombor itu".to_owned()
            }
            Self::WouldReplace { connected } => format!(
                "Sub-akaun ini sudah disambungkan kepada +{connected}. Untuk menggantikan nombor itu, tandakan kotak dan hantar borang sekali lagi."
            ),
            Self::HeldElsewhere => "Nombor ini disambungkan kepada sub-akaun lain. Untuk memindahkannya ke sini, buka halaman aplikasi dalam GHL dan sambungkannya di situ: halaman itu bertanya sebelum nombor berhenti di sana".to_owned(),
            Self::Busy => "Akaun Waapify ini sedang memautkan nombor lain: nombor sub-akaun lain masih menunggu kod QR diimbas. Pautkan nombor itu dahulu, atau tutup halamannya dan cuba lagi dalam dua minit.".to_owned(),
            Self::Check(error) => malay(error),
            Self::LinkGone => "Pautan ini tidak berfungsi lagi".to_owned(),
            Self::Seal(_) => {
                "Maklumat yang disimpan tidak dapat dibuka. Sila sambungkan nombor ini sekali lagi.".to_owned()
            }
            Self::Webhook(error) => format!(
                "Waapify tidak menerima alamat untuk balasan: {}",
                malay(error)
            ),
            Self::Database(_) => {
                "Pangkalan data gagal; tiada apa-apa diubah, cuba lagi".to_owned()
            }
        };
        Text::new(sentence(&self.to_string()), malay)
    }
}

/// A sentence for people about Waapify's answer.
#[must_use]
pub fn check_text(error: &CheckError) -> Text {
    match error {
        CheckError::Unreachable(cause) => unreachable_text(cause),
        error => Text::new(sentence(&error.to_string()), malay(error)),
    }
}

/// Who could not be reached, what that means, and what to do.
fn unreachable_text(cause: &Reason) -> Text {
    let cause = cause.texts();
    Text::new(
        format!(
            "Waapify could not be reached, so nothing was checked and nothing was changed. Please try again in a minute. If it stays so, tell whoever gave you the app. (What happened: {})",
            cause.english
        ),
        format!(
            "Waapify tidak dapat dihubungi, jadi tiada apa-apa disemak dan tiada apa-apa diubah. Sila cuba lagi sebentar. Jika ia berterusan, beritahu orang yang memberi anda aplikasi ini. (Apa yang berlaku: {})",
            cause.malay
        ),
    )
}

fn malay(error: &CheckError) -> String {
    match error {
        CheckError::Credentials(said) => {
            format!("Waapify menolak token akses atau ID sambungan (katanya: {said})")
        }
        CheckError::NotLinked(said) => format!(
            "Sambungan Waapify ini tiada nombor WhatsApp yang dipautkan: buka Waapify, imbas kod QR, kemudian cuba lagi (katanya: {said})"
        ),
        CheckError::Full(said) => format!(
            "Akaun Waapify ini sudah mempunyai semua nombor WhatsApp yang dibenarkan oleh pelannya: buang satu dalam Waapify, atau ambil pelan yang lebih besar (katanya: {said})"
        ),
        CheckError::Refused(said) => format!(
            "Waapify tidak melakukan apa yang diminta, dan tiada apa-apa diubah (katanya: {said}). Cuba lagi sebentar. Jika ia berterusan, semak sama ada Waapify sendiri berfungsi, atau tunjukkan kata-kata ini kepada sokongannya"
        ),
        CheckError::Unreachable(cause) => unreachable_text(cause).malay.into_owned(),
    }
}

/// Makes the first letter a capital.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::Answer;

    #[test]
    fn waapifys_words_tell_which_field_is_wrong() {
        let refused = |said: &str| ConnectError::Check(CheckError::Credentials(said.to_owned()));
        for (error, field) in [
            (refused("Access token does not exist"), Field::AccessToken),
            (refused("Authentication failed"), Field::AccessToken),
            (refused("Instance ID Invalidated"), Field::InstanceId),
            (ConnectError::BadNumber, Field::Number),
        ] {
            assert_eq!(error.field(), Some(field), "{error}");
            assert!(error.text().english.starts_with(char::is_uppercase));
        }
        let silent = Answer::WaapifyNoResult { status: 502 }.into();
        let silent = ConnectError::Check(CheckError::Unreachable(silent));
        assert!(silent.field().is_none() && silent.is_passing());
    }
}
