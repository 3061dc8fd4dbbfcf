//! The last parts of the addresses that GHL is given: for deliveries, for events about the app, for the install form.
//!
//! GHL signs for all apps with one key, so a signature proves GHL, and only the address proves that a post is meant for
//! this app. The parts are derived from the app's client secret: they need no setting, are the same in all processes,
//! stay when the sealing keys change, and change with the app's own keys.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq as _;

use crate::config::GhlSettings;
use crate::http::error::HookError;

/// An address that GHL is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Hook {
    /// The conversation provider's Delivery URL.
    Delivery,
    /// The app's Default Webhook URL.
    App,
    /// The endpoint of external authentication.
    ExternalAuth,
}

impl Hook {
    /// Binds the derived secret to its use.
    const fn purpose(self) -> &'static [u8] {
        match self {
            Self::Delivery => b"delivery address v1",
            Self::App => b"app webhook address v1",
            Self::ExternalAuth => b"external-auth address v1",
        }
    }
}

/// The last parts of all three addresses. `Debug` does not show them.
#[derive(Clone)]
pub struct HookSecrets {
    /// Of the Delivery URL.
    pub delivery: SecretString,
    /// Of the Default Webhook URL.
    pub app: SecretString,
    /// Of the endpoint of external authentication.
    pub external_auth: SecretString,
}

impl HookSecrets {
    /// Derives them from the app's keys.
    #[must_use]
    pub fn derive(ghl: &GhlSettings) -> Self {
        Self {
            delivery: derive(ghl, Hook::Delivery),
            app: derive(ghl, Hook::App),
            external_auth: derive(ghl, Hook::ExternalAuth),
        }
    }

    /// Lets a caller in who knows the address.
    pub(in crate::http) fn check(&self, hook: Hook, given: &str) -> Result<(), HookError> {
        let expected = match hook {
            Hook::Delivery => &self.delivery,
            Hook::App => &self.app,
            Hook::ExternalAuth => &self.external_auth,
        };
        let is_ours = expected.expose_secret().as_bytes().ct_eq(given.as_bytes());
        if is_ours.into() {
            Ok(())
        } else {
            Err(HookError::UnknownSecret)
        }
    }
}

impl fmt::Debug for HookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookSecrets(..)")
    }
}

fn derive(ghl: &GhlSettings, hook: Hook) -> SecretString {
    let key = hmac::Key::new(
        hmac::HMAC_SHA256,
        ghl.client_secret.expose_secret().as_bytes(),
    );
    let tag = hmac::sign(&key, &[hook.purpose(), ghl.client_id.as_bytes()].concat());
    URL_SAFE_NO_PAD.encode(tag).into()
}
