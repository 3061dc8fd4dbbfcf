//! The servers of agents' files: asks what a file is, and opens it if the gateway needs another address for it.
//!
//! Owns requests to addresses that others chose, and their limits. It must not connect to a server that is not on the
//! public Internet ([`NetworkScope`]), follow a redirect without a check, or use a proxy of the environment (which
//! would connect in our place).

mod public_network;

use std::error::Error as _;
use std::time::Duration;

pub(in crate::clients) use public_network::Resolver;
pub use public_network::{NetworkScope, NotPublic, PORTS};
use reqwest::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderName, LOCATION, RANGE,
};
use reqwest::{Response, StatusCode, redirect};
use url::Url;

use crate::clients::scrub;
use crate::model::reason::{Answer as Answered, Reason};

/// Largest file that is passed on: the limit of WhatsApp's documented business API for documents, the largest kind. The
/// gateway holds a file in memory, so its own limit can only be lower.
pub const MAX_FILE_BYTES: u64 = 100 * 1024 * 1024;
/// Bytes that are requested from a file's beginning: no signature needs more than 40, and an ID3 or HTML head is seen
/// too.
const HEAD_BYTES: usize = 512;
/// Storage redirects once to the signed address and perhaps once to https; more is a loop.
const MAX_REDIRECTS: usize = 3;
/// Time to reach a server at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest silence of a server within an answer; storage answers within a second or two.
const SILENCE: Duration = Duration::from_secs(15);
/// Longest time to ask about one file, with its redirects.
const ASK_TIMEOUT: Duration = Duration::from_secs(10);

/// What a server says about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its address after all redirects.
    pub url: Url,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Disposition`.
    pub disposition: Option<String>,
    /// Its first bytes.
    pub head: Vec<u8>,
}

/// An open file.
#[derive(Debug)]
pub struct Opened {
    /// Its size in bytes, if the server gives it.
    pub bytes: Option<u64>,
    /// Its content.
    pub body: reqwest::Body,
}

/// Why there is no file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The address may not be followed.
    #[error(transparent)]
    NotPublic(#[from] NotPublic),
    /// The server says that there is no file, or not for us: 401, 403, 404, 410.
    #[error("the server answered {0}")]
    Gone(u16),
    /// More than [`MAX_FILE_BYTES`].
    #[error("the file has {0} bytes")]
    TooLarge(u64),
    /// Unknown: there was no answer, or none that says anything about the file.
    #[error("the file's server could not be asked: {0}")]
    Unreachable(Reason),
}

/// Asks servers for files.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    reach: NetworkScope,
}

impl Client {
    /// A client that connects only within `reach`.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(reach: NetworkScope) -> reqwest::Result<Self> {
        // Fails only when a provider is installed already, which is then the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .user_agent(concat!("waapify-ghl/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE)
            .redirect(redirect::Policy::none())
            .dns_resolver(Resolver(reach))
            .no_proxy()
            // A kept connection would be used again without a check.
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { http, reach })
    }

    /// Asks what a file is, by its first bytes.
    pub async fn ask(&self, url: &Url) -> Result<Answer, SourceError> {
        tokio::time::timeout(ASK_TIMEOUT, self.look(url))
            .await
            .unwrap_or_else(|_| Err(SourceError::Unreachable(Answered::FileServerSilent.into())))
    }

    /// Opens a file. If its size is not known, the reader must stop after [`MAX_FILE_BYTES`].
    pub async fn open(&self, url: &Url) -> Result<Opened, SourceError> {
        let (_, response) = self.follow(url, None).await?;
        let bytes = size(&response)?;
        let body = reqwest::Body::from(response);
        Ok(Opened { bytes, body })
    }

    async fn look(&self, url: &Url) -> Result<Answer, SourceError> {
        // GET, because signed addresses of storage are valid for that method only.
        let range = format!("bytes=0-{}", HEAD_BYTES - 1);
        let (url, mut response) = self.follow(url, Some(&range)).await?;
        size(&response)?;
        let mut head = Vec::new();
        while head.len() < HEAD_BYTES {
            match response.chunk().await {
                Ok(Some(chunk)) => head.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return Err(unreachable(error)),
            }
        }
        head.truncate(HEAD_BYTES);
        Ok(Answer {
            url,
            content_type: header(&response, &CONTENT_TYPE),
            disposition: header(&response, &CONTENT_DISPOSITION),
            head,
        })
    }

    /// The successful answer at the end of all redirects, and its address; each hop is checked.
    async fn follow(&self, url: &Url, range: Option<&str>) -> Result<(Url, Response), SourceError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.reach.check(&url)?;
            let mut request = self.http.get(url.clone());
            if let Some(range) = range {
                request = request.header(RANGE, range);
            }
            let response = request.send().await.map_err(unreachable)?;
            let status = response.status();
            if status.is_success() {
                return Ok((url, response));
            }
            let next = header(&response, &LOCATION).and_then(|next| url.join(&next).ok());
            url = match (status.as_u16(), next) {
                (301 | 302 | 303 | 307 | 308, Some(next)) => next,
                (401 | 403 | 404 | 410, _) => return Err(SourceError::Gone(status.as_u16())),
                (status, _) => {
                    return Err(SourceError::Unreachable(
                        Answered::FileServer { status }.into(),
                    ));
                }
            };
        }
        Err(SourceError::Unreachable(
            Answered::FileServerRedirects.into(),
        ))
    }
}

/// The size of the whole file, if the server gives it.
fn size(response: &Response) -> Result<Option<u64>, SourceError> {
    let bytes = if response.status() == StatusCode::PARTIAL_CONTENT {
        let range = header(response, &CONTENT_RANGE);
        range.and_then(|range| range.rsplit_once('/')?.1.trim().parse().ok())
    } else {
        header(response, &CONTENT_LENGTH).and_then(|length| length.trim().parse().ok())
    };
    match bytes {
        Some(bytes) if bytes > MAX_FILE_BYTES => Err(SourceError::TooLarge(bytes)),
        bytes => Ok(bytes),
    }
}

/// A header as text, even if it is not UTF-8: servers write file names in their own encodings.
fn header(response: &Response, name: &HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Finds the refusal by [`NetworkScope`] inside the error of a connection. Leaves out the address, which may be signed.
fn unreachable(error: reqwest::Error) -> SourceError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return SourceError::NotPublic(NotPublic);
        }
        cause = inner.source();
    }
    let words = scrub(&error.without_url().to_string());
    SourceError::Unreachable(Answered::ConnectionFailed { words }.into())
}
