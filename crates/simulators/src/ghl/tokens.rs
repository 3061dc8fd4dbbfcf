//! Codes, access tokens and refresh tokens of the simulated GHL. A token that is unknown, used or expired is refused;
//! a refresh that is repeated within the grace time returns the same pair.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tokio::time::Instant;

use crate::clock;

/// How the app was installed. This decides which token its code is exchanged for.
#[derive(Clone, Debug)]
pub enum InstallKind {
    /// Into one sub-account: a Location token.
    Location {
        /// The sub-account.
        location_id: String,
    },
    /// By the agency, or from the agency's view: a Company token.
    Company {
        /// The agency.
        company_id: String,
        /// The chosen locations.
        location_ids: Vec<String>,
        /// Whether it was a bulk installation. Only then the token answer has `approvedLocations`.
        bulk: bool,
    },
}

/// The location or company that a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Location {
        company_id: String,
        location_id: String,
    },
    Company {
        company_id: String,
        approved: Vec<String>,
        bulk: bool,
    },
}

impl Subject {
    /// The id by which calls are counted.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Location { location_id, .. } => location_id,
            Self::Company { company_id, .. } => company_id,
        }
    }

    fn auth_class(&self) -> &'static str {
        match self {
            Self::Location { .. } => "Location",
            Self::Company { .. } => "Company",
        }
    }
}

/// An access token and its refresh token.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) access: String,
    pub(super) refresh: String,
}

struct Access {
    subject: Subject,
    expires: Instant,
}

struct Refresh {
    subject: Subject,
    used: Option<(Instant, Pair)>,
}

#[derive(Default)]
pub(super) struct TokenBook {
    codes: HashMap<String, Subject>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
}

impl TokenBook {
    /// Adds a new single-use code.
    pub(super) fn add_code(&mut self, subject: Subject) -> String {
        let code = clock::letters(40).to_lowercase();
        self.codes.insert(code.clone(), subject);
        code
    }

    /// The subject of a code.
    pub(super) fn code(&self, code: &str) -> Option<&Subject> {
        self.codes.get(code)
    }

    /// Removes a used code.
    pub(super) fn burn_code(&mut self, code: &str) {
        self.codes.remove(code);
    }

    /// A new pair whose access token lives for `lifetime`.
    pub(super) fn mint(&mut self, subject: &Subject, lifetime: Duration) -> Pair {
        let pair = Pair {
            access: jwt(subject, "access"),
            refresh: jwt(subject, "refresh"),
        };
        let expires = clock::instant() + lifetime;
        self.access.insert(
            pair.access.clone(),
            Access {
                subject: subject.clone(),
                expires,
            },
        );
        self.refresh.insert(
            pair.refresh.clone(),
            Refresh {
                subject: subject.clone(),
                used: None,
            },
        );
        pair
    }

    /// The subject of an access token that has not expired.
    pub(super) fn subject_of(&self, access: &str) -> Option<Subject> {
        self.access
            .get(access)
            .filter(|token| clock::instant() < token.expires)
            .map(|token| token.subject.clone())
    }

    /// The subject of a refresh token, used or not.
    pub(super) fn refresh_subject(&self, refresh: &str) -> Option<Subject> {
        self.refresh.get(refresh).map(|token| token.subject.clone())
    }

    /// Exchanges a refresh token. Within `grace` of its first use the same pair is returned again; after that, none.
    pub(super) fn rotate(
        &mut self,
        refresh: &str,
        lifetime: Duration,
        grace: Duration,
    ) -> Option<Pair> {
        let token = self.refresh.get(refresh)?;
        if let Some((at, pair)) = &token.used {
            let age = clock::instant().saturating_duration_since(*at);
            return (age <= grace).then(|| pair.clone());
        }
        let subject = token.subject.clone();
        let pair = self.mint(&subject, lifetime);
        if let Some(token) = self.refresh.get_mut(refresh) {
            token.used = Some((clock::instant(), pair.clone()));
        }
        Some(pair)
    }

    /// Expires every access token.
    pub(super) fn expire_access(&mut self) {
        self.access.clear();
    }

    /// Invalidates every refresh token.
    pub(super) fn revoke_refresh(&mut self) {
        self.refresh.clear();
    }

    /// Invalidates every token of `id`.
    pub(super) fn forget(&mut self, id: &str) {
        self.access.retain(|_, token| token.subject.id() != id);
        self.refresh.retain(|_, token| token.subject.id() != id);
    }
}

/// A token in the form of GHL's: readable claims, and a signature without meaning.
fn jwt(subject: &Subject, usage: &str) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "authClass": subject.auth_class(),
        "authClassId": subject.id(),
        "source": "INTEGRATION",
        "channel": "OAUTH",
        "usage": usage,
        "uniqueId": clock::hex(24).to_lowercase(),
        "iat": clock::now().unix_timestamp(),
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    format!("{}.{}.{}", part(header), part(claims), clock::letters(43))
}
