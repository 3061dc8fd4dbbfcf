//! Codes, access tokens and refresh tokens of the simulated GHL. It refuses a token that is
//! unknown, used up or expired, and forgives a repeated refresh within the grace time.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tokio::time::Instant;

use crate::clock;

/// How the app was installed, which decides what its code is exchanged for.
#[derive(Clone, Debug)]
pub enum InstallKind {
    /// Into one sub-account: a Location token.
    Location {
        /// Which one.
        location_id: String,
    },
    /// By the agency, or from the agency's view: a Company token.
    Company {
        /// Which agency.
        company_id: String,
        /// The locations that were ticked.
        location_ids: Vec<String>,
        /// Whether it was a bulk installation; a single one has no `approvedLocations`.
        bulk: bool,
    },
}

/// What a token speaks for.
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

/// An access token and the refresh token that came with it.
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
    /// A fresh single-use code.
    pub(super) fn add_code(&mut self, subject: Subject) -> String {
        let code = clock::letters(40).to_lowercase();
        self.codes.insert(code.clone(), subject);
        code
    }

    /// Whom a code would speak for.
    pub(super) fn code(&self, code: &str) -> Option<&Subject> {
        self.codes.get(code)
    }

    /// Uses a code up.
    pub(super) fn burn_code(&mut self, code: &str) {
        self.codes.remove(code);
    }

    /// A new pair that lives as long as told.
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

    /// Whom a living access token speaks for.
    pub(super) fn subject_of(&self, access: &str) -> Option<Subject> {
        self.access
            .get(access)
            .filter(|token| clock::instant() < token.expires)
            .map(|token| token.subject.clone())
    }

    /// Whom a refresh token speaks for, used or not.
    pub(super) fn refresh_subject(&self, refresh: &str) -> Option<Subject> {
        self.refresh.get(refresh).map(|token| token.subject.clone())
    }

    /// Exchanges a refresh token; within `grace` of its use the same pair comes again, and
    /// later none.
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

    /// Every access token is expired from now on.
    pub(super) fn expire_access(&mut self) {
        self.access.clear();
    }

    /// Every refresh token is invalid from now on.
    pub(super) fn revoke_refresh(&mut self) {
        self.refresh.clear();
    }

    /// Nothing that speaks for `id` is valid any more.
    pub(super) fn forget(&mut self, id: &str) {
        self.access.retain(|_, token| token.subject.id() != id);
        self.refresh.retain(|_, token| token.subject.id() != id);
    }
}

/// Shaped like GHL's: readable claims, and a signature that means nothing.
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
