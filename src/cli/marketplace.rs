//! `marketplace`: prints the guide to GHL's developer portal, for this service's address.
//!
//! Prints secrets only on request, because guides are copied around.

use std::io;
use std::io::Write as _;

use clap::Args;
use secrecy::ExposeSecret;

use crate::cli::env;
use crate::config;
use crate::config::marketplace::Guide;
use crate::http::external_auth_secret;

#[derive(Debug, Args)]
pub(super) struct GuideArgs {
    /// Also print the secrets that addresses hold; this needs the app's keys in the settings
    #[arg(long)]
    show_secrets: bool,
}

pub(super) fn run(args: &GuideArgs) -> anyhow::Result<()> {
    let settings = config::load_guide(env)?;
    let secret = if args.show_secrets {
        Some(external_auth_secret(&crate::cli::settings()?.ghl))
    } else {
        None
    };
    let guide = Guide {
        public_url: &settings.public_url,
        marketplace_base: &settings.marketplace_base,
        client_id: settings.client_id.as_deref(),
        external_auth_secret: secret.as_ref().map(ExposeSecret::expose_secret),
    };
    io::stdout().write_all(guide.markdown().as_bytes())?;
    Ok(())
}
