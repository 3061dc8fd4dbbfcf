//! `marketplace`: prints the guide to GHL's developer portal, for this service's address.
//!
//! Prints secrets only on request, because guides are copied around.

use clap::Args;
use secrecy::ExposeSecret;

use crate::cli::answer::Form;
use crate::cli::env;
use crate::config;
use crate::config::marketplace::{Guide, GuideSecrets};
use crate::http::HookSecrets;

#[derive(Debug, Args)]
pub(super) struct GuideArgs {
    /// Also print the secrets that addresses hold; this needs the app's keys in the settings
    #[arg(long)]
    show_secrets: bool,
}

pub(super) fn run(args: &GuideArgs, form: Form) -> anyhow::Result<()> {
    let settings = config::load_guide(env)?;
    let secrets = if args.show_secrets {
        Some(HookSecrets::derive(&crate::cli::settings()?.ghl))
    } else {
        None
    };
    let guide = Guide {
        public_url: &settings.public_url,
        marketplace_base: &settings.marketplace_base,
        client_id: settings.client_id.as_deref(),
        secrets: secrets.as_ref().map(|secrets| GuideSecrets {
            delivery: secrets.delivery.expose_secret(),
            app: secrets.app.expose_secret(),
            external_auth: secrets.external_auth.expose_secret(),
        }),
    };
    let markdown = guide.markdown();
    form.print(&serde_json::json!({"markdown": markdown}), || {
        markdown.clone()
    })
}
