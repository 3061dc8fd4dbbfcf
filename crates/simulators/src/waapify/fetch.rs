//! The gateway's use of a file: it fetches the file and makes the message that the extension asks for.

use std::time::Duration;

use axum::body::Bytes;
use reqwest::Client;
use reqwest::header::LOCATION;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::call::Call;

/// How long the gateway's PHP part waits for its Node part.
pub(super) const FETCH_TIMEOUT: Duration = Duration::from_secs(20);
/// How many redirects the gateway's HTTP library follows.
const REDIRECTS: usize = 5;

/// Fetches the file of a call as the real gateway does, but only from this machine: the sandbox contacts nobody else.
/// A file on another host is assumed to exist.
pub(super) async fn fetch(http: &Client, call: &Call) -> Result<Option<Bytes>, &'static str> {
    let address = call.query_value("media_url").map(Url::parse);
    let (Some("media"), Some(Ok(mut url))) = (call.query_value("type"), address) else {
        return Ok(None);
    };
    for _ in 0..=REDIRECTS {
        if !matches!(url.host(), Some(Host::Ipv4(ip)) if ip.is_loopback()) {
            return Ok(None);
        }
        let answer = http.get(url.clone()).send().await;
        let answer = answer.map_err(|_| "Failed to send file")?;
        let next = answer
            .headers()
            .get(LOCATION)
            .and_then(|next| next.to_str().ok());
        match next.and_then(|next| url.join(next).ok()) {
            Some(next) if answer.status().is_redirection() => url = next,
            _ if answer.status().is_success() => {
                return answer
                    .bytes()
                    .await
                    .map(Some)
                    .map_err(|_| "Failed to send file");
            }
            _ => break,
        }
    }
    Err("Failed to send file")
}

/// The message that the legacy build makes of a file. Only the extension of the URL's path counts, in lower case.
pub(super) fn message(url: &Url, caption: &str, file_name: &str) -> (&'static str, Value) {
    let extension = url
        .path()
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'));
    let extension = extension.map(|(_, end)| end).unwrap_or_default();
    let (kind, name, mimetype) = match extension {
        "jpg" | "jpeg" | "png" | "gif" => ("image", "imageMessage", "image/jpeg"),
        "mp4" | "ogg" => ("video", "videoMessage", "video/mp4"),
        "mp3" => ("audio", "audioMessage", "audio/ogg; codecs=opus"),
        _ => ("document", "documentMessage", "application/pdf"),
    };
    let path =
        "/v/t62.7118-24/00000000_111111111111111_2222222222222222222_n.enc?ccb=11-4&oe=6A5B3C00";
    let mut content = json!({
        "url": format!("https://mmg.whatsapp.net{path}"),
        "directPath": path,
        "mimetype": mimetype,
        "mediaKey": "1qVkoXICKsPRUqWjWo8tzgVD18pWkbZ8C6toHgy/02I=",
        "fileSha256": "LEm9HMrmIzWE6Nb2JzNbl7ovQIKORfsn3xsMf5FvA0E=",
        "fileEncSha256": "17qZwAR2vg9E1R4uWOIxoVKGLG5nrFTkqplrXM9wyyY=",
        "fileLength": "160",
    });
    match kind {
        "document" => content["fileName"] = json!(file_name),
        "image" | "video" => content["caption"] = json!(caption),
        _ => {}
    }
    (kind, json!({ name: content }))
}
