//! Clients of the two vendors ([`ghl`], [`waapify`]), of WhatsApp's media servers ([`whatsapp_media`]), and of the
//! servers of agents' files ([`attachment_source`]), which may have any address. [`attachment_links`] makes our own
//! addresses. [`alert_webhook`] and [`alert_mail`] tell people of incidents.
//!
//! Owns requests, their limits, and the meaning of answers: a call gives a typed answer, or an error that says what to
//! do. It must not retry; the workers have the schedules.

mod alert_fault;
pub mod alert_mail;
pub mod alert_webhook;
pub mod attachment_links;
pub mod attachment_source;
pub mod ghl;
pub mod waapify;
pub mod whatsapp_media;

use std::time::Duration;

use url::Url;

/// Time to reach a vendor's server at all; beyond this a connection attempt is lost.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest text of a vendor that is kept, in characters: enough for a reason, too little for a page of HTML.
const MAX_DETAIL: usize = 200;

/// The HTTP client of both vendors. It follows no redirect: neither API redirects, and a redirect could carry
/// credentials elsewhere.
///
/// # Errors
/// When TLS cannot be set up on this machine.
pub fn http_client() -> reqwest::Result<reqwest::Client> {
    // Fails only when a provider is installed already, which is then the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("waapify-ghl/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// `base` with `segments` appended, each percent-encoded.
pub(crate) fn endpoint(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // Settings admit only http(s) addresses, which always have a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// A vendor's words, safe for logs and timelines: one line, shortened, and without long numbers, which may be phones.
pub(crate) fn scrub(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().take(MAX_DETAIL).chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() > MAX_DIGITS {
            "#"
        } else {
            &digits
        });
        digits.clear();
        out.push(if c.is_control() { ' ' } else { c });
    }
    out.trim_end().to_owned()
}

/// Longest number that is shown: status codes and counts are shorter than any phone number.
const MAX_DIGITS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendors_words_lose_phone_numbers_and_line_breaks() {
        assert_eq!(scrub("no +60123456789\nin 404"), "no +# in 404");
        assert_eq!(scrub("60123456789"), "#");
        assert!(scrub(&"x".repeat(1_000)).len() <= MAX_DETAIL + 1);
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        let base = Url::parse("https://example.com/api").unwrap();
        let url = endpoint(&base, &["messages", "../a?b/c", "status"]);
        assert_eq!(
            url.as_str(),
            "https://example.com/api/messages/..%2Fa%3Fb%2Fc/status"
        );
    }
}
