//! The settings of the guide to GHL's portal: only a few, because its readers may have no app yet.

use url::Url;

use crate::config::parse::parse_url;
use crate::config::{Faults, Reader};

/// The settings that the guide is made from.
#[derive(Clone, Debug)]
pub struct GuideSettings {
    /// The public address of the service.
    pub public_url: Url,
    /// Root of the pages where people install apps.
    pub marketplace_base: Url,
    /// The app's client id; none before the app is created.
    pub client_id: Option<String>,
}

/// Reads the settings of the guide.
///
/// # Errors
/// [`Faults`] in these settings only.
pub fn load_guide(env: impl Fn(&str) -> Option<String>) -> Result<GuideSettings, Faults> {
    let mut reader = Reader::new(env);
    let public_url = reader.public_url();
    let marketplace_base = reader.parsed("ghl_marketplace_base", parse_url);
    let client_id = reader.text("ghl_client_id");
    let settings = public_url.zip(marketplace_base);
    let settings = settings.map(|(public_url, marketplace_base)| GuideSettings {
        public_url,
        marketplace_base,
        client_id,
    });
    settings.ok_or(Faults {
        faults: reader.faults,
        hints: Vec::new(),
    })
}
