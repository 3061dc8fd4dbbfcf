//! The user of a page inside GHL: opens the payload that GHL encrypts for the page with the app's shared secret
//! (`docs/vendors/ghl.md#single-sign-on`).
//!
//! Checks every field that is used, and refuses a payload that is not encrypted. The format has neither a MAC nor a time, so a
//! payload is never proof of freshness: each is accepted once, and its salt is stored. A changed copy has to keep the
//! salt, because the key is made from it.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, KeyIvInit};
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::model::audit::{UserRole, recorded_user};
use crate::model::ids::{CompanyId, LocationId, is_id};

/// OpenSSL writes this before the salt.
const MAGIC: &[u8] = b"Salted__";
/// Bytes of the salt.
const SALT: usize = 8;
/// Longest payload that is read, in characters: real ones have some hundred.
const MAX_PAYLOAD: usize = 8 * 1024;

/// The user in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoUser {
    /// GHL's id of the user.
    pub user_id: String,
    /// What GHL calls the user, if it tells.
    pub name: Option<String>,
    /// The agency.
    pub company: CompanyId,
    /// The sub-account that the user has open; none in the agency's own view.
    pub active_location: Option<LocationId>,
    /// An admin of the sub-account or the agency. GHL's other roles, known or not, are none.
    pub is_admin: bool,
    /// An admin of the agency, who sees all its sub-accounts.
    pub is_agency_admin: bool,
    /// A user of the agency, whatever his role is.
    pub is_of_agency: bool,
    /// What the payload was encrypted under: random, and the same in every changed copy of it.
    pub salt: [u8; SALT],
}

impl SsoUser {
    /// Who it is, for the audit: GHL's id and the role.
    #[must_use]
    pub fn described(&self) -> String {
        let role = match (self.is_agency_admin, self.is_admin) {
            (true, _) => UserRole::AgencyAdmin,
            (false, true) => UserRole::Admin,
            (false, false) => UserRole::User,
        };
        recorded_user(&self.user_id, role)
    }
}

/// Why a payload is refused. It contains nothing from the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SsoError {
    /// Nothing, or far more than GHL sends.
    #[error("the payload is empty or too long")]
    Size,
    /// Plain JSON, base64 of it, or anything else that was not encrypted.
    #[error("the payload is not encrypted")]
    NotEncrypted,
    /// It was encrypted with another secret, or changed on its way.
    #[error("the payload does not open with the shared secret")]
    NotOurs,
    /// It opens, but its content is not what GHL writes.
    #[error("the payload does not describe a user")]
    NotAUser,
    /// It describes a user and no agency. Whoever is told so must not be told twice with this salt: payloads have no MAC, and
    /// an answer about changed copies would help to forge one.
    #[error("the payload names no agency")]
    NoAgency {
        /// As [`SsoUser::salt`].
        salt: [u8; SALT],
    },
}

/// The role of an admin, as GHL writes it.
const ADMIN: &str = "admin";
/// The types whose admins may change something: users of a sub-account, for which two of GHL's documents use two words,
/// and those of an agency. An admin of another type may only look: payloads have no MAC, so what is not as GHL writes it gives no
/// rights.
const MANAGED: [&str; 3] = ["location", "account", AGENCY];
/// The type of an agency's users.
const AGENCY: &str = "agency";

/// What is read of what GHL writes. Whatever role and type are, also none, their holder may look.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    user_id: String,
    company_id: Option<String>,
    #[serde(default)]
    role: Value,
    #[serde(default, rename = "type")]
    kind: Value,
    active_location: Option<String>,
    #[serde(default)]
    user_name: Value,
}

/// Opens a payload with the app's shared secret.
///
/// # Errors
/// [`SsoError`]; then nothing in the payload may be used.
pub fn open_user(secret: &SecretString, payload: &str) -> Result<SsoUser, SsoError> {
    if payload.is_empty() || payload.len() > MAX_PAYLOAD {
        return Err(SsoError::Size);
    }
    let bytes = STANDARD.decode(payload);
    let bytes = bytes.map_err(|_| SsoError::NotEncrypted)?;
    let salted = bytes.strip_prefix(MAGIC).ok_or(SsoError::NotEncrypted)?;
    let (salt, encrypted) = salted
        .split_first_chunk::<SALT>()
        .ok_or(SsoError::NotEncrypted)?;
    let plain = decrypt(secret, *salt, encrypted).ok_or(SsoError::NotOurs)?;
    // With another secret, one in some 250 payloads has a good padding, but is then no text.
    let text = String::from_utf8(plain).map_err(|_| SsoError::NotOurs)?;
    let plain: Plain = serde_json::from_str(&text).map_err(|_| SsoError::NotAUser)?;
    if plain.company_id.as_deref().is_none_or(str::is_empty) && is_id(&plain.user_id) {
        return Err(SsoError::NoAgency { salt: *salt });
    }
    checked(plain, *salt).ok_or(SsoError::NotAUser)
}

fn decrypt(secret: &SecretString, salt: [u8; SALT], encrypted: &[u8]) -> Option<Vec<u8>> {
    let (key, iv) = key_and_iv(secret.expose_secret().as_bytes(), salt);
    let cipher = cbc::Decryptor::<Aes256>::new(&key.into(), &iv.into());
    let mut buffer = encrypted.to_vec();
    let plain = cipher.decrypt_padded_mut::<Pkcs7>(&mut buffer).ok()?;
    Some(plain.to_vec())
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round: each digest covers the one before, the secret and the salt.
fn key_and_iv(secret: &[u8], salt: [u8; SALT]) -> ([u8; 32], [u8; 16]) {
    let digest = |before: &[u8]| -> [u8; 16] {
        let digest = Md5::new().chain_update(before);
        digest
            .chain_update(secret)
            .chain_update(salt)
            .finalize()
            .into()
    };
    let first = digest(&[]);
    let second = digest(&first);
    let mut key = [0; 32];
    key[..16].copy_from_slice(&first);
    key[16..].copy_from_slice(&second);
    (key, digest(&second))
}

fn checked(plain: Plain, salt: [u8; SALT]) -> Option<SsoUser> {
    // GHL leaves it out in an agency's view; empty means the same.
    let location = plain.active_location.filter(|id| !id.is_empty());
    let company = plain.company_id?;
    let ids = [Some(&plain.user_id), Some(&company), location.as_ref()];
    if !ids.into_iter().flatten().all(|id| is_id(id)) {
        return None;
    }
    let is = |field: &Value, words: &[&str]| {
        let text = field.as_str().unwrap_or_default();
        words.iter().any(|word| text.eq_ignore_ascii_case(word))
    };
    let is_admin = is(&plain.role, &[ADMIN]) && is(&plain.kind, &MANAGED);
    let is_of_agency = is(&plain.kind, &[AGENCY]);
    Some(SsoUser {
        user_id: plain.user_id,
        name: plain.user_name.as_str().map(str::to_owned),
        company: CompanyId(company),
        active_location: location.map(LocationId),
        is_admin,
        is_agency_admin: is_admin && is_of_agency,
        is_of_agency,
        salt,
    })
}
