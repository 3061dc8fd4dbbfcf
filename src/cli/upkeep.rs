//! `rotate-keys`, `migrate` and `health`: what is run beside the service to keep it up.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::accounts::key_rotation;
use crate::accounts::key_rotation::Rotation;
use crate::app::Database;
use crate::cli::answer::Form;
use crate::cli::audit::Deed;
use crate::cli::{audit, database_url, env, settings};
use crate::config;
use crate::model::audit::Action;

/// Longest time that the container's health check waits for the service. Docker's default is 30 s.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// Exits 1 while some value still needs an older key, which must not be dropped yet.
pub(super) async fn rotate_keys(form: Form) -> anyhow::Result<ExitCode> {
    let settings = settings()?;
    let database = Database::join(settings.database_url.as_ref()).await?;
    let pool = database.migrated_pool().await?;
    let rotation = key_rotation::rotate(&pool, &settings.sealer).await;
    let left = key_rotation::count_older(&pool, &settings.sealer).await;
    let deed = Deed {
        action: Action::RotateKeys,
        location: None,
        place: None,
        count: rotation
            .as_ref()
            .map_or(0, |done| usize::try_from(done.resealed).unwrap_or(0)),
        is_done: rotation.is_ok(),
    };
    audit::record(&pool, deed).await?;
    database.close(pool).await?;
    let (rotation, left) = (rotation?, left?);
    let document = json!({
        "resealed": rotation.resealed,
        "unreadable": rotation.unreadable,
        "need_older_keys": left,
    });
    form.print(&document, || report(&rotation, left > 0))?;
    Ok(if left > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn report(rotation: &Rotation, needs_older: bool) -> String {
    let Rotation {
        resealed,
        unreadable,
    } = rotation;
    let mut out = format!("{resealed} values are sealed with the newest key now.\n");
    if *unreadable > 0 {
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            out,
            "{unreadable} cannot be opened with any of ENCRYPTION_KEYS and stay as they are."
        );
    }
    out.push_str(if needs_older {
        "Keep the older keys: some values need them. If a process still runs with the old settings, restart it, then run this again.\n"
    } else {
        "Every older key may be taken out of ENCRYPTION_KEYS.\n"
    });
    out
}

pub(super) async fn migrate(form: Form) -> anyhow::Result<()> {
    let given = database_url()?;
    let database = Database::join(given.as_ref()).await?;
    let pool = database.migrated_pool().await?;
    database.close(pool).await?;
    form.print(&json!({"schema": "up_to_date"}), || {
        "The schema is up to date.\n".to_owned()
    })
}

/// Asks `/readyz` on this machine, at the port the service listens on.
pub(super) async fn health(form: Form) -> anyhow::Result<()> {
    let bind = config::load_bind(env)?;
    let host = if bind.ip().is_unspecified() {
        "127.0.0.1".to_owned()
    } else {
        bind.ip().to_string()
    };
    let client = crate::clients::http_client()?;
    let url = format!("http://{host}:{}/readyz", bind.port());
    let answer = client.get(&url).timeout(HEALTH_TIMEOUT).send().await;
    let answer = answer
        .ok()
        .with_context(|| format!("the service does not answer at {url}"))?;
    if !answer.status().is_success() {
        bail!("not ready: {}", answer.status());
    }
    form.print(&json!({"ready": true}), String::new)
}
