//! A browser's session in a sealed cookie: nothing is stored until it is signed out, and every process can read it.
//!
//! Owns the cookie, its end, and the token of its forms. What the holder may see is checked by each page.

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::crypto::{Sealer, hash_secret, random_secret};
use crate::model::ids::{CompanyId, LocationId};

/// One hour. The page inside GHL renews it by itself; the operator enters the token again.
const LIFE: Duration = Duration::hours(1);
/// The place that the cookie is sealed for.
const PLACE: &str = "http/session";
/// The cookie's name. Its path tells which page it belongs to.
const COOKIE: &str = "session";

/// The holder of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::http) enum Holder {
    /// A user to whom GHL shows this location.
    Location(LocationId),
    /// A user of this agency in GHL's view of the whole agency.
    Agency(CompanyId),
    /// Anyone who holds `ADMIN_TOKEN`.
    Operator,
}

/// The content of a cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::http) struct Session {
    /// The holder of the session.
    pub holder: Holder,
    /// A token in every form of this session's pages, which another site cannot know.
    pub csrf: String,
    /// The cookie's path, so that it opens no other page.
    pub path: String,
    /// Seconds since 1970.
    end: i64,
    /// The hash of the token that the operator signed in with: another token ends the session. Empty for a location.
    #[serde(default)]
    token_hash: Vec<u8>,
    /// The user may change something. The operator always may.
    #[serde(default)]
    pub may_change: bool,
    /// The agency whose admin the user is.
    #[serde(default)]
    pub agency: Option<CompanyId>,
    /// GHL's id of the user and the role, for the audit.
    #[serde(default)]
    pub user: Option<String>,
}

impl Session {
    /// A session of `holder` for the pages under `path`.
    pub(in crate::http) fn begin(holder: Holder, path: &str, now: OffsetDateTime) -> Self {
        Self {
            holder,
            csrf: random_secret().expose_secret().to_owned(),
            path: path.to_owned(),
            end: (now + LIFE).unix_timestamp(),
            token_hash: Vec::new(),
            may_change: false,
            agency: None,
            user: None,
        }
    }

    /// A session of the operator, who gave `token`.
    pub(in crate::http) fn of_operator(
        token: &SecretString,
        path: &str,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            token_hash: hash_secret(token.expose_secret()),
            may_change: true,
            ..Self::begin(Holder::Operator, path, now)
        }
    }

    /// Whether it was begun with this token of the operator.
    pub(in crate::http) fn is_of(&self, token: &SecretString) -> bool {
        let hash = hash_secret(token.expose_secret());
        self.holder == Holder::Operator && self.token_hash.ct_eq(&hash).into()
    }

    /// What names it where it was signed out.
    pub(in crate::http) fn hash(&self) -> Vec<u8> {
        hash_secret(&self.csrf)
    }

    /// When it ends by itself.
    pub(in crate::http) fn ends_at(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.end).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// The cookie that holds it. In a frame of another site, browsers keep only a partitioned cookie with
    /// `SameSite=None`, which has to be `Secure`. Browsers accept such a cookie from this machine without https, too.
    pub(in crate::http) fn cookie(&self, sealer: &Sealer) -> Cookie<'static> {
        let text = serde_json::to_string(self).unwrap_or_default();
        let value = URL_SAFE_NO_PAD.encode(sealer.seal(PLACE, &text.into()));
        let is_framed = matches!(self.holder, Holder::Location(_) | Holder::Agency(_));
        let mut cookie = Cookie::new(COOKIE, value);
        cookie.set_path(self.path.clone());
        cookie.set_http_only(true);
        cookie.set_secure(true);
        cookie.set_max_age(LIFE);
        cookie.set_same_site(if is_framed {
            SameSite::None
        } else {
            SameSite::Strict
        });
        cookie.set_partitioned(is_framed);
        cookie
    }

    /// Finds the session for the pages under `path` in `cookies`; none if it is not ours, has expired, or is of another
    /// path.
    pub(in crate::http) fn find<'a>(
        cookies: impl Iterator<Item = &'a Cookie<'static>>,
        path: &str,
        sealer: &Sealer,
        now: OffsetDateTime,
    ) -> Option<Self> {
        let opened = |cookie: &Cookie<'_>| {
            let value = URL_SAFE_NO_PAD.decode(cookie.value()).ok()?;
            let text = sealer.open(PLACE, &value).ok()?;
            serde_json::from_str::<Self>(text.expose_secret()).ok()
        };
        cookies
            .filter(|cookie| cookie.name() == COOKIE)
            .filter_map(opened)
            .find(|session| session.path == path && now.unix_timestamp() < session.end)
    }

    /// Whether a form with the token `given` comes from a page of this session.
    pub(in crate::http) fn wrote(&self, given: &str) -> bool {
        self.csrf.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

/// Whether a form may come from our own pages. True if the browser does not say where it comes from.
pub(in crate::http) fn is_own_origin(headers: &HeaderMap, public_url: &Url) -> bool {
    let ours = public_url.origin().ascii_serialization();
    headers
        .get(ORIGIN)
        .is_none_or(|origin| origin.as_bytes() == ours.as_bytes())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::crypto::Key;

    const NOON: OffsetDateTime = time::macros::datetime!(2026-11-21 12:00 UTC);

    fn sealer(letter: &str) -> Sealer {
        Sealer::new(
            Key::parse(&format!("{}=", letter.repeat(43))).unwrap(),
            vec![],
        )
    }

    #[test]
    fn a_cookie_opens_the_pages_it_was_made_for_until_it_ends() {
        let session = Session::begin(Holder::Location(LocationId::from("l")), "/app/1", NOON);
        let cookie = session.cookie(&sealer("A"));
        let find = |path, key, at| Session::find([cookie.clone()].iter(), path, &sealer(key), at);
        let found = find("/app/1", "A", NOON).unwrap();
        assert_eq!(found.holder, session.holder);
        assert!(found.wrote(&session.csrf) && !found.wrote(""));
        assert!(find("/app/2", "A", NOON).is_none());
        assert!(find("/app/1", "E", NOON).is_none());
        assert!(find("/app/1", "A", NOON + LIFE).is_none());
        let forged = Cookie::new(COOKIE, "e30");
        assert!(Session::find([forged].iter(), "/app/1", &sealer("A"), NOON).is_none());
    }

    #[test]
    fn a_form_of_another_site_is_told_by_its_origin() {
        let ours = Url::parse("https://bridge.example/path").unwrap();
        let from = |origin: Option<&'static str>| {
            let origin = origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin)));
            is_own_origin(&origin.into_iter().collect(), &ours)
        };
        assert!(from(None));
        assert!(from(Some("https://bridge.example")));
        assert!(!from(Some("null")));
        assert!(!from(Some("https://bridge.example.evil")));
    }
}
