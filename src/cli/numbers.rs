//! `numbers`: lets a number go on after WhatsApp refused several of its messages.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::answer::Form;
use crate::cli::audit::Deed;
use crate::cli::{audit, clock_of, read_database};
use crate::db::connection::Pool;
use crate::db::history::incidents;
use crate::db::numbers::protection::Of;
use crate::db::numbers::restrictions;
use crate::model::audit::Action;
use crate::model::ids::LocationId;

#[derive(Debug, Subcommand)]
pub(super) enum Numbers {
    /// Let everything leave again that no person wrote
    ///
    /// It waits since WhatsApp refused several messages of the number within a day, or ended its link soon after one. Look at WhatsApp
    /// on the phone first: it says if the account is restricted.
    GoOn(GoOnArgs),
}

#[derive(Debug, Args)]
pub(super) struct GoOnArgs {
    /// GHL's id of the location
    #[arg(long, value_name = "ID")]
    location: String,
    /// The WhatsApp number with its country code, such as 60123456789
    #[arg(long, value_name = "NUMBER")]
    number: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    location: &'a LocationId,
    number: &'a str,
    goes_on: bool,
}

/// Exits 1 when nothing of the number was stopped.
pub(super) async fn run(command: Numbers, form: Form) -> anyhow::Result<ExitCode> {
    let Numbers::GoOn(args) = command;
    let (database, pool) = read_database(form).await?;
    let outcome = go_on(&pool, &args, form).await;
    database.close(pool).await?;
    outcome
}

async fn go_on(pool: &Pool, args: &GoOnArgs, form: Form) -> anyhow::Result<ExitCode> {
    let location = LocationId::from(args.location.as_str());
    let number = args.number.trim_start_matches('+');
    let of = Of {
        location: &location,
        number,
    };
    let now = clock_of(pool).await?.now();
    let goes_on = restrictions::go_on(pool, of, now).await?;
    if goes_on {
        incidents::check_soon(pool, &location, now).await?;
    }
    let deed = Deed {
        action: Action::GoOn,
        location: Some(&location),
        place: Some(number),
        count: 1,
        is_done: goes_on,
    };
    audit::record(pool, deed).await?;
    let answer = Answer {
        location: &location,
        number,
        goes_on,
    };
    form.print(&answer, || {
        if goes_on {
            format!("+{number} goes on.\n")
        } else {
            format!("Nothing of +{number} was stopped.\n")
        }
    })?;
    Ok(if goes_on {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
