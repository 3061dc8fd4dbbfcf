//! Customers' files: encrypted as Baileys encrypts them, stored at WhatsApp's media host, and announced by the
//! gateway. A removed file gets the answer that WhatsApp gives for a file that is too old.

use std::collections::BTreeMap;

use aes::Aes256;
use axum::Router;
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockEncryptMut as _, KeyIvInit as _};
use ring::{digest, hkdf, hmac};
use serde_json::{Value, json};
use whatsapp_events::{MediaFile, MediaKeys};

use crate::call::{Answer, Call};
use crate::clock;
use crate::endpoint::Vendor;
use crate::faults::Faults;
use crate::waapify::Waapify;

/// The name of the media host's route for faults and tests.
const ROUTE: &str = "GET file";

/// A file that a customer sends.
#[derive(Clone, Debug)]
pub struct CustomerFile<'a> {
    /// WhatsApp's name of its kind: `image`, `sticker`, `video`, `audio` or `document`.
    pub kind: &'a str,
    /// The content.
    pub bytes: &'a [u8],
    /// The media type that the phone gives it.
    pub mimetype: &'a str,
    /// Its name; documents have one.
    pub name: Option<&'a str>,
    /// The text below it.
    pub caption: Option<&'a str>,
}

/// The encrypted files at the media host, by their paths.
pub(super) type Kept = BTreeMap<String, Vec<u8>>;

impl Waapify {
    /// A customer sends a file. Returns WhatsApp's id of the message, after the webhook has been answered or has
    /// failed.
    pub async fn customer_sends_file(
        &self,
        phone: &str,
        name: &str,
        file: &CustomerFile<'_>,
    ) -> String {
        let content = self.announce(file);
        self.customer_sends_content(phone, name, content).await
    }

    /// Stores a file at the media host and returns the `message` object that announces it.
    #[must_use]
    pub fn announce(&self, file: &CustomerFile<'_>) -> Value {
        announcement(file, &self.keep_file(file))
    }

    /// Stores a file at the media host, as a customer's phone does before it announces the file.
    #[must_use]
    pub fn keep_file(&self, file: &CustomerFile<'_>) -> MediaFile {
        let keys = match file.kind {
            "image" | "sticker" => MediaKeys::Image,
            "video" => MediaKeys::Video,
            "audio" => MediaKeys::Audio,
            _ => MediaKeys::Document,
        };
        let media_key: [u8; 32] = rand::random();
        let encrypted = encrypt(keys, &media_key, file.bytes);
        let id = clock::letters(20);
        let path = format!("/v/t62.7118-24/{id}_n.enc");
        let described = MediaFile {
            keys,
            direct_path: Some(format!("{path}?ccb=11-4&oe=6A5B3C00")),
            url: Some("https://web.whatsapp.net".to_owned()),
            media_key,
            sha256: Some(sha256(file.bytes)),
            encrypted_sha256: Some(sha256(&encrypted)),
            length: Some(file.bytes.len() as u64),
            mimetype: Some(file.mimetype.to_owned()),
            file_name: file.name.map(str::to_owned),
        };
        self.inner.files.lock().insert(path, encrypted);
        described
    }

    /// Stores an already encrypted file at a path of the media host.
    pub fn keep_encrypted(&self, path: &str, bytes: Vec<u8>) {
        let path = path.split('?').next().unwrap_or(path);
        self.inner.files.lock().insert(path.to_owned(), bytes);
    }

    /// Removes all files, as if they were too old.
    pub fn lose_files(&self) {
        self.inner.files.lock().clear();
    }

    /// Changes one bit of every file at the media host.
    pub fn spoil_files(&self) {
        for bytes in self.inner.files.lock().values_mut() {
            if let Some(byte) = bytes.first_mut() {
                *byte ^= 1;
            }
        }
    }

    /// The router of the media host, to be nested at any prefix.
    pub fn media_router(&self) -> Router {
        let host = Host(self.clone());
        Router::new().fallback(move |request: Request| {
            let host = host.clone();
            async move { host.0.inner.media_door.clone().serve(request, host).await }
        })
    }

    /// Prepared faults and received requests of the media host. Its one route is `GET file`.
    #[must_use]
    pub fn media_faults(&self) -> &Faults {
        &self.inner.media_door.faults
    }
}

/// WhatsApp's media host.
#[derive(Clone)]
struct Host(Waapify);

impl Vendor for Host {
    fn route(&self, _: &Call) -> String {
        ROUTE.to_owned()
    }

    async fn act(&self, call: &Call) -> Answer {
        match self.0.inner.files.lock().get(&call.path) {
            Some(bytes) => Answer::new(200, "application/octet-stream", bytes.clone()),
            None => Answer::new(410, "text/plain", "URL signature expired"),
        }
    }

    fn summary(&self, _: &Call, answer: &Answer) -> String {
        match answer.status {
            200 => format!("Fetches a file of {} kB", answer.body.len() / 1000),
            _ => "Asks for a file that is not there any more".to_owned(),
        }
    }
}

/// WhatsApp's `message` object for a file.
pub(super) fn announcement(file: &CustomerFile<'_>, kept: &MediaFile) -> Value {
    let base64 = |bytes: Option<[u8; 32]>| bytes.map(|bytes| STANDARD.encode(bytes));
    let mut body = json!({
        "url": kept.url,
        "directPath": kept.direct_path,
        "mediaKey": STANDARD.encode(kept.media_key),
        "mimetype": file.mimetype,
        "fileSha256": base64(kept.sha256),
        "fileEncSha256": base64(kept.encrypted_sha256),
        "fileLength": file.bytes.len().to_string(),
        "mediaKeyTimestamp": clock::now().unix_timestamp().to_string(),
    });
    if let Some(name) = file.name {
        body["fileName"] = name.into();
    }
    if let Some(caption) = file.caption {
        body["caption"] = caption.into();
    }
    if file.mimetype.contains("opus") {
        body["ptt"] = true.into();
    }
    let mut message = json!({});
    message[format!("{}Message", file.kind)] = body;
    message
}

/// Ciphertext and MAC. Empty if the library refuses the keys, which does not happen.
fn encrypt(keys: MediaKeys, media_key: &[u8; 32], plain: &[u8]) -> Vec<u8> {
    struct Length;
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            112
        }
    }
    let mut expanded = [0; 112];
    let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(media_key)
        .expand(&[keys.info()], Length)
        .and_then(|okm| okm.fill(&mut expanded));
    let (iv, key, mac_key) = (&expanded[..16], &expanded[16..48], &expanded[48..80]);
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(key, iv);
    let (Ok(()), Ok(cipher)) = (derived, cipher) else {
        return Vec::new();
    };
    let mut bytes = plain.to_vec();
    bytes.resize(plain.len() / 16 * 16 + 16, 0);
    if cipher
        .encrypt_padded_mut::<Pkcs7>(&mut bytes, plain.len())
        .is_err()
    {
        return Vec::new();
    }
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, mac_key));
    mac.update(iv);
    mac.update(&bytes);
    bytes.extend_from_slice(&mac.sign().as_ref()[..10]);
    bytes
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}
