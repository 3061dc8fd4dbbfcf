//! Our own addresses for agents' files that the gateway would send as the wrong kind: it finds a file's kind by the end
//! of its address (`docs/vendors/waapify.md#attachments`).
//!
//! An address contains its target, sealed, so that nothing is stored and nobody can make us fetch an address of their
//! own. The route does the fetching.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::config::MAX_PUBLIC_URL_BYTES;
use crate::crypto::Sealer;
use crate::model::ids::{LocationId, is_id};

/// The gateway fetches a file within a minute of the send; a gateway that queues may need days. Each attempt gets a new
/// address.
const LIFETIME: Duration = Duration::days(3);
/// What the seal is bound to.
const PLACE: &str = "attachments/address";
/// Bytes of an address besides what is sealed and `PUBLIC_URL`: `/attachments/`, `/file.`, the extension, and two more
/// for each of its three slashes, which are escaped in a query.
const FRAME_BYTES: usize = 64;
/// Bytes that are sealed besides the file's address: key id, nonce and tag (32), the end of its life, its type, its
/// location.
const SEAL_BYTES: usize = 256;
/// Name of the location behind a file's address, in its fragment: servers never see it, and older versions of this
/// program leave it alone.
const LOCATION: &str = "location=";

/// Makes and reads the addresses.
#[derive(Clone, Debug)]
pub struct Attachments {
    sealer: Sealer,
    public_url: Url,
}

/// The file behind an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The file's own address.
    pub url: Url,
    /// Its media type.
    pub media_type: String,
    /// Whose it is; addresses of older versions do not say it.
    pub location: Option<LocationId>,
}

impl Attachments {
    /// Addresses under `public_url`.
    #[must_use]
    pub fn new(sealer: Sealer, public_url: Url) -> Self {
        Self { sealer, public_url }
    }

    /// An address that ends in `extension` and gives the bytes of the location's `url` as `media_type`, for some days
    /// from `now`.
    #[must_use]
    pub fn address(
        &self,
        location: &LocationId,
        url: &str,
        media_type: &str,
        extension: &str,
        now: OffsetDateTime,
    ) -> String {
        let end = (now + LIFETIME).unix_timestamp();
        let url = url.split('#').next().unwrap_or_default();
        let url = format!("{url}#{LOCATION}{location}");
        let sealed = self
            .sealer
            .seal(PLACE, &format!("{end} {media_type} {url}").into());
        let token = URL_SAFE_NO_PAD.encode(sealed);
        let base = self.public_url.as_str().trim_end_matches('/');
        format!("{base}/attachments/{token}/file.{extension}")
    }

    /// The file behind an address; none if the address is not ours, or has expired.
    #[must_use]
    pub fn open(&self, token: &str, now: OffsetDateTime) -> Option<Target> {
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        let opened = self.sealer.open(PLACE, &sealed).ok()?;
        let mut fields = opened.expose_secret().splitn(3, ' ');
        let end: i64 = fields.next()?.parse().ok()?;
        let media_type = fields.next()?.to_owned();
        let mut url = Url::parse(fields.next()?).ok()?;
        let location = url.fragment().and_then(|said| said.strip_prefix(LOCATION));
        let location = location.filter(|id| is_id(id)).map(LocationId::from);
        url.set_fragment(None);
        (now.unix_timestamp() <= end).then_some(Target {
            url,
            media_type,
            location,
        })
    }
}

/// Most bytes that our address for a file takes in a query, if the file's own address has `bytes`. Each byte of
/// `PUBLIC_URL` may be escaped as three; the rest needs no escape except in its frame.
#[must_use]
pub const fn longest_address(bytes: usize) -> usize {
    // Base64 makes four bytes of three.
    MAX_PUBLIC_URL_BYTES * 3 + FRAME_BYTES + (SEAL_BYTES + bytes).div_ceil(3) * 4
}

#[cfg(test)]
mod tests {
    use url::form_urlencoded;

    use super::*;
    use crate::crypto::Key;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-21 12:00 UTC);

    fn attachments(key: &str) -> Attachments {
        let sealer = Sealer::new(Key::parse(key).unwrap(), vec![]);
        Attachments::new(sealer, Url::parse("https://bridge.example/").unwrap())
    }

    fn ours() -> Attachments {
        attachments("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    }

    fn location() -> LocationId {
        LocationId::from("SandboxLocation00001")
    }

    fn token(address: &str) -> &str {
        address.rsplit('/').nth(1).unwrap()
    }

    #[test]
    fn an_address_gives_back_what_it_was_made_of_until_it_is_too_old() {
        let url = "https://files.example/a%20b?x=1&y= z";
        let address = ours().address(&location(), url, "audio/ogg", "mp3", NOW);
        assert!(address.starts_with("https://bridge.example/attachments/"));
        assert!(address.ends_with("/file.mp3"));
        let target = ours().open(token(&address), NOW + LIFETIME).unwrap();
        assert_eq!(target.url, Url::parse(url).unwrap());
        assert_eq!(target.media_type, "audio/ogg");
        assert_eq!(target.location, Some(location()));
        let late = NOW + LIFETIME + Duration::seconds(1);
        assert_eq!(ours().open(token(&address), late), None);
    }

    #[test]
    fn nobody_else_can_make_an_address_or_change_one() {
        let address = ours().address(
            &location(),
            "https://files.example/a",
            "image/png",
            "png",
            NOW,
        );
        let token = token(&address);
        let theirs = attachments("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
        assert_eq!(theirs.open(token, NOW), None);
        for at in 0..token.len() {
            let mut changed = token.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(ours().open(&changed, NOW), None, "{at}");
        }
        for forged in ["", "x", "aHR0cDovLzEyNy4wLjAuMS8"] {
            assert_eq!(ours().open(forged, NOW), None, "{forged}");
        }
        let elsewhere = ours().sealer.seal(
            "tokens/x",
            &"9999999999 image/png https://x.example/".into(),
        );
        assert_eq!(ours().open(&URL_SAFE_NO_PAD.encode(elsewhere), NOW), None);
    }

    #[test]
    fn an_address_in_a_query_is_never_longer_than_was_reckoned_with() {
        let root = "https://bridge.example/";
        let longest = format!(
            "{root}{}",
            "/".repeat(MAX_PUBLIC_URL_BYTES - root.len() - 1)
        );
        let attachments = Attachments {
            public_url: Url::parse(&format!("{longest}x")).unwrap(),
            ..ours()
        };
        for length in [0, 1, 2, 500, 3_000] {
            let url = format!("https://files.example/{}", "x".repeat(length));
            let address = attachments.address(&location(), &url, &"t".repeat(71), "extension", NOW);
            let encoded: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
            assert!(encoded.len() <= longest_address(url.len()), "{length}");
        }
    }
}
