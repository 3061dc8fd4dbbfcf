//! The signature of what we post to others: `HMAC-SHA256(secret, timestamp + "." + body)`.

use std::fmt::Write as _;

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// The signature of a body: `v1=` and 64 hexadecimal digits.
#[must_use]
pub fn sign_post(secret: &SecretString, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in [timestamp, ".", body] {
        context.update(part.as_bytes());
    }
    let mut text = "v1=".to_owned();
    for byte in context.sign().as_ref() {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_openssl_computes() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let signature = sign_post(&"secret".into(), "1700000000", r#"{"a":1}"#);
        assert_eq!(signature, EXPECTED);
    }

    const EXPECTED: &str = "v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686";
}
