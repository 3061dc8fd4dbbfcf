//! WhatsApp's media servers: fetches a customer's file and decrypts it piece by piece
//! (`docs/vendors/whatsapp.md#media-files`).
//!
//! Decides which addresses may be asked, how many bytes may arrive, and what a failure means. It must not ask a server
//! that is not WhatsApp's, because a stranger wrote the address; follow redirects; or hold a whole file in memory.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::ORIGIN;
use url::Url;
use whatsapp_events::{Decryptor, MediaError, MediaFile};

use crate::clients::{CONNECT_TIMEOUT, scrub};
use crate::model::reason::{Media, Reason};

/// The end of the names of WhatsApp's media servers.
const HOSTS: &str = ".whatsapp.net";
/// The origin of WhatsApp's own web page.
const WEB: &str = "https://web.whatsapp.com";
/// Longest silence of a server that has begun to answer, or is about to.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest time for one file: 100 MB at 1 Mbit/s, the speed of a phone with a bad connection.
const TOTAL_TIMEOUT: Duration = Duration::from_mins(15);
/// Largest file, in its encrypted size. WhatsApp accepts documents up to 2 GB, but pictures, voice messages and videos
/// are below 100 MB; a larger file would cost minutes of traffic, perhaps for nothing.
const MAX_BYTES: u64 = 100 * 1024 * 1024;

/// Why a file cannot be fetched, and so what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// WhatsApp does not have it any more: do not try again.
    #[error("{}", Reason::from(Media::Gone))]
    Gone,
    /// The server or the connection failed: try again.
    #[error("{}", Reason::from(.0.clone()))]
    Retry(Media),
    /// We or the server refuse it: do not try again.
    #[error("{}", Reason::from(.0.clone()))]
    Refused(Media),
    /// It arrived, and is not what was announced.
    #[error(transparent)]
    Broken(#[from] MediaError),
}

impl FetchError {
    /// Why the file cannot be fetched.
    #[must_use]
    pub fn reason(&self) -> Media {
        match self {
            Self::Gone => Media::Gone,
            Self::Retry(reason) | Self::Refused(reason) => reason.clone(),
            Self::Broken(MediaError::TooShort) => Media::CutOff,
            Self::Broken(MediaError::Mac) => Media::Mac,
            Self::Broken(MediaError::Padding) => Media::Padding,
            Self::Broken(MediaError::Key) => Media::Key,
        }
    }
}

const NO_ADDRESS: FetchError = FetchError::Refused(Media::NoAddress);
const TOO_LARGE: FetchError = FetchError::Refused(Media::TooLarge);

/// A client of WhatsApp's media servers.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

impl Client {
    /// A client that fetches from `base`, which is `https://mmg.whatsapp.net` except in tests.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(base: Url) -> reqwest::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .user_agent(concat!("waapify-ghl/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, base })
    }

    /// Begins to fetch a file.
    ///
    /// # Errors
    /// [`FetchError`]; a file that is `Refused` because of its address was not requested.
    pub async fn open(&self, file: &MediaFile) -> Result<Download, FetchError> {
        let decryptor = Decryptor::new(file)?;
        let address = self.address(file).ok_or(NO_ADDRESS)?;
        let request = self.http.get(address).header(ORIGIN, WEB);
        let response = request.send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                return Err(FetchError::Gone);
            }
            status if status.is_server_error() || is_passing(status) => {
                let status = status.as_u16();
                return Err(FetchError::Retry(Media::ServerAnswers { status }));
            }
            status if status.is_redirection() => {
                return Err(FetchError::Refused(Media::Elsewhere));
            }
            _ => return Err(FetchError::Refused(Media::Refused)),
        }
        let arriving = response.content_length();
        if arriving.is_some_and(|bytes| bytes > MAX_BYTES) {
            return Err(TOO_LARGE);
        }
        let fits = |length: &u64| arriving == Some(MediaFile::encrypted_length(*length));
        Ok(Download {
            response,
            decryptor: Some(decryptor),
            left: MAX_BYTES,
            length: file.length.filter(fits),
        })
    }

    /// The file's address: its path at the usual server, or its own address if that is WhatsApp's.
    fn address(&self, file: &MediaFile) -> Option<Url> {
        let path = file.direct_path.as_deref().filter(|path| {
            path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\")
        });
        let base = self.base.as_str().trim_end_matches('/');
        let by_path = path.and_then(|path| Url::parse(&format!("{base}{path}")).ok());
        let by_url = || Url::parse(file.url.as_deref()?).ok();
        by_path
            .filter(|url| self.may_ask(url))
            .or_else(|| by_url().filter(|url| self.may_ask(url)))
    }

    /// Whether an address may be asked: on the server of `base`, or, if that is WhatsApp's, on any of WhatsApp's.
    /// Scheme and port must be those of `base`, so that production uses only https on its usual port.
    fn may_ask(&self, url: &Url) -> bool {
        let is_whatsapp = |url: &Url| url.host_str().is_some_and(|host| host.ends_with(HOSTS));
        let same_host = url.host_str() == self.base.host_str();
        url.scheme() == self.base.scheme()
            && url.port_or_known_default() == self.base.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
            && (same_host || is_whatsapp(&self.base) && is_whatsapp(url))
    }
}

const fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
    )
}

/// Leaves out the address, which gives access to the file.
fn unreachable(error: reqwest::Error) -> FetchError {
    FetchError::Retry(Media::Unreachable {
        words: scrub(&error.without_url().to_string()),
    })
}

/// A file that is being fetched.
pub struct Download {
    response: reqwest::Response,
    /// None after the end.
    decryptor: Option<Decryptor>,
    left: u64,
    length: Option<u64>,
}

impl Download {
    /// The length of the decrypted file in bytes, if what its sender announced agrees with what the server announces. Alone
    /// the sender's word is only a hint.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next bytes of the file, decrypted; none when it has ended and is verified as a whole. Until then, no byte is
    /// verified.
    ///
    /// # Errors
    /// [`FetchError`]; the bytes so far must then not be used.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, FetchError> {
        loop {
            let Some(decryptor) = &mut self.decryptor else {
                return Ok(None);
            };
            let Some(piece) = self.response.chunk().await.map_err(unreachable)? else {
                let ended = self.decryptor.take().map(Decryptor::finish).transpose()?;
                return Ok(ended.filter(|last| !last.is_empty()));
            };
            let left = self.left.checked_sub(piece.len() as u64);
            self.left = left.ok_or(TOO_LARGE)?;
            let plain = decryptor.feed(&piece);
            if !plain.is_empty() {
                return Ok(Some(plain));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use whatsapp_events::MediaKeys;

    use super::*;

    fn address(direct_path: Option<&str>, url: Option<&str>) -> Option<String> {
        let client = Client::new(Url::parse("https://mmg.whatsapp.net").unwrap()).unwrap();
        let file = MediaFile {
            keys: MediaKeys::Image,
            direct_path: direct_path.map(str::to_owned),
            url: url.map(str::to_owned),
            media_key: [0; 32],
            sha256: None,
            encrypted_sha256: None,
            length: None,
            mimetype: None,
            file_name: None,
        };
        client.address(&file).map(String::from)
    }

    #[test]
    fn a_path_is_looked_for_at_whatsapps_usual_server() {
        let there = address(
            Some("/v/t62/n.enc?ccb=11-4&oe=6A5B"),
            Some("https://evil.example/x"),
        );
        assert_eq!(
            there.unwrap(),
            "https://mmg.whatsapp.net/v/t62/n.enc?ccb=11-4&oe=6A5B"
        );
    }

    #[test]
    fn without_a_path_only_whatsapps_own_servers_are_asked() {
        for (url, allowed) in [
            ("https://media-kul2-1.cdn.whatsapp.net/v/n.enc", true),
            ("https://mmg.whatsapp.net:443/v/n.enc", true),
            ("http://mmg.whatsapp.net/v/n.enc", false),
            ("https://mmg.whatsapp.net:8443/v/n.enc", false),
            ("https://mmg.whatsapp.net.evil.example/n.enc", false),
            ("https://evilwhatsapp.net/n.enc", false),
            ("https://mmg.whatsapp.net@evil.example/n.enc", false),
            ("https://x@mmg.whatsapp.net/n.enc", false),
            ("https://x:y@mmg.whatsapp.net/n.enc", false),
            ("https://evil.example/#.whatsapp.net", false),
            ("https://evil.example\\.whatsapp.net/n.enc", false),
            ("https://169.254.169.254/latest", false),
            ("https://mmg.whatsapp.net./n.enc", false),
            ("file:///etc/passwd", false),
            ("", false),
        ] {
            assert_eq!(address(None, Some(url)).is_some(), allowed, "{url}");
        }
    }

    #[test]
    fn a_path_cannot_lead_to_another_server() {
        for path in [
            "//evil.example/n",
            "/\\evil.example/n",
            "\\\\evil.example",
            "@evil.example/n",
            ":8080/n",
            ".evil.example/n",
            "https://evil.example/n",
            "",
        ] {
            assert_eq!(address(Some(path), None), None, "{path}");
        }
        for path in [
            "/../..//evil.example/n",
            "/@evil.example",
            "/\t/evil.example",
            "/%2f/evil",
        ] {
            let there = Url::parse(&address(Some(path), None).unwrap()).unwrap();
            assert_eq!(there.host_str(), Some("mmg.whatsapp.net"), "{path}");
            assert_eq!(there.username(), "");
        }
    }
}
