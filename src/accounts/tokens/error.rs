//! Why there is no answer to a call: the token's state, or the call itself.

use std::fmt;

use time::Duration;

use crate::clients::ghl::{Advice, CallError};
use crate::crypto::OpenError;
use crate::db::accounts::tokens::TokenRow;
use crate::model::reason::{Other, Reason, Wait};
use crate::model::states::TokenProblem;

/// A person has to act first; what they do calls in what waits, and this is for what was overlooked then.
const PERSON_PAUSE: Duration = Duration::minutes(15);
/// A token that could not be renewed is tried again within seconds, then minutes.
const FAILING_PAUSE: Duration = Duration::seconds(15);
/// A token that is being asked for is there within seconds; so is a contact that is being made.
const MINT_PAUSE: Duration = Duration::seconds(5);
/// Why there is no answer to a call.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is no token, and whether there is one to be had is being found out.
    Pending,
    /// There is no token and none to be had: the location has not installed the app.
    NotInstalled,
    /// The location was uninstalled.
    Uninstalled,
    /// GHL will not renew the token, and why.
    NeedsReinstall(Reason),
    /// GHL renews the token when the location is active again, and what it answered.
    Inactive(Reason),
    /// The token could not be renewed a moment ago, and why.
    Failing(Reason),
    /// The call failed.
    Call(#[from] CallError),
    /// The location's calls to GHL are used up for so long.
    Budget(Duration),
    /// Another process has been renewing for too long.
    Busy,
    /// Another worker is making the group's contact, which GHL would make twice.
    MakingContact,
    /// The stored token cannot be opened.
    Seal(#[from] OpenError),
    /// The database failed.
    Database(#[from] sqlx::Error),
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason().fmt(f)
    }
}

impl TokenError {
    /// What the work waits for, or why it cannot be done.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let wait = match self {
            Self::Call(error) => return error.detail.clone(),
            Self::Pending => Wait::TokenPending,
            Self::NotInstalled => Wait::NotInstalled,
            Self::Uninstalled => Wait::Uninstalled,
            Self::NeedsReinstall(_) => Wait::Reinstall,
            Self::Inactive(_) => Wait::Inactive,
            Self::Failing(why) => Wait::Renewal {
                cause: Box::new(why.clone()),
            },
            Self::Budget(_) => Wait::Budget,
            Self::Busy => Wait::RenewedElsewhere,
            Self::MakingContact => Wait::MakingContact,
            Self::Seal(_) => Wait::TokenSealed,
            Self::Database(_) => Wait::DatabaseFailed,
        };
        wait.into()
    }

    /// How long the work waits, where it is for the token or the budget and no failure of the work's own.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Pending | Self::MakingContact => Some(MINT_PAUSE),
            Self::Failing(_) | Self::Busy => Some(FAILING_PAUSE),
            Self::Budget(pause) => Some(*pause),
            Self::NotInstalled | Self::NeedsReinstall(_) | Self::Inactive(_) => Some(PERSON_PAUSE),
            Self::Call(error) if error.advice == Advice::Inactive => Some(PERSON_PAUSE),
            _ => None,
        }
    }

    /// What went wrong, without what it means.
    pub(super) fn detail(&self) -> Reason {
        match self {
            Self::NeedsReinstall(detail) | Self::Inactive(detail) | Self::Failing(detail) => {
                detail.clone()
            }
            other => other.reason(),
        }
    }

    /// A pause that GHL asks for before the next try.
    #[must_use]
    pub fn least_pause(&self) -> Option<Duration> {
        match self {
            Self::Call(CallError {
                advice: Advice::RetryAfter(pause),
                ..
            }) => Duration::try_from(*pause).ok(),
            _ => None,
        }
    }
}

/// What a failed renewal says about the token.
pub(super) fn renewal_error(error: CallError) -> TokenError {
    match error.advice {
        Advice::Inactive => TokenError::Inactive(error.detail),
        _ => TokenError::Call(error),
    }
}

/// What a stored problem says to a caller.
pub(super) fn stored_problem(row: &TokenRow) -> TokenError {
    let detail = || {
        let nothing = Reason::from(Other::Words {
            words: String::new(),
        });
        row.problem_detail.clone().unwrap_or(nothing)
    };
    match row.problem {
        Some(TokenProblem::NeedsReinstall) => TokenError::NeedsReinstall(detail()),
        Some(TokenProblem::Inactive) => TokenError::Inactive(detail()),
        Some(TokenProblem::Failing) | None => TokenError::Failing(detail()),
    }
}
