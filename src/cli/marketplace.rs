//! `marketplace`: the guide to GHL's developer portal, for this service's address.

use std::io::{self, Write as _};

use clap::Args;

use super::env;
use crate::config;
use crate::marketplace::Guide;

#[derive(Debug, Args)]
pub(super) struct GuideArgs {
    /// Print secret addresses whole, too
    #[arg(long)]
    show_secrets: bool,
}

/// Prints the guide.
pub(super) fn run(args: &GuideArgs) -> anyhow::Result<()> {
    let settings = config::load_guide(env)?;
    let guide = Guide {
        public_url: &settings.public_url,
        marketplace_base: &settings.marketplace_base,
        client_id: settings.client_id.as_deref(),
        external_auth_secret: None,
    };
    let _ = args.show_secrets;
    io::stdout().write_all(guide.markdown().as_bytes())?;
    Ok(())
}
