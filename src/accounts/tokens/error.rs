//! Why a call has no answer: the state of the token, or the call itself.

use std::fmt;

use time::Duration;

use crate::clients::ghl::{Advice, CallError};
use crate::crypto::OpenError;
use crate::db::accounts::tokens::TokenRow;
use crate::model::reason::{Other, Reason, Wait};
use crate::model::states::TokenProblem;

/// A person has to act first. Their action makes waiting work due; this pause is for work that it missed.
const PERSON_PAUSE: Duration = Duration::minutes(15);
/// A token that could not be renewed is tried again within seconds, then minutes.
const FAILING_PAUSE: Duration = Duration::seconds(15);
/// A requested token, or a contact that another worker makes, is there within seconds.
const TOKEN_REQUEST_PAUSE: Duration = Duration::seconds(5);
/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is no token yet; whether one can be had is being found out.
    Pending,
    /// There is no token: the location has not installed the app.
    NotInstalled,
    /// The location was uninstalled.
    Uninstalled,
    /// GHL will not renew the token; its reason.
    NeedsReinstall(Reason),
    /// GHL will renew the token when the location is active again; its answer.
    Inactive(Reason),
    /// The token could not be renewed a moment ago; the reason.
    Failing(Reason),
    /// The call failed.
    Call(#[from] CallError),
    /// The location's calls to GHL are used up for this long.
    RateLimited(Duration),
    /// Another process has been renewing for too long.
    Busy,
    /// Another worker is making the group's contact. GHL would make a second one.
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
            Self::RateLimited(_) => Wait::RateLimited,
            Self::Busy => Wait::RenewedElsewhere,
            Self::MakingContact => Wait::MakingContact,
            Self::Seal(_) => Wait::TokenSealed,
            Self::Database(_) => Wait::DatabaseFailed,
        };
        wait.into()
    }

    /// How long the work waits, if it waits for a token, a rate limit or a contact. None if the work itself failed.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Pending | Self::MakingContact => Some(TOKEN_REQUEST_PAUSE),
            Self::Failing(_) | Self::Busy => Some(FAILING_PAUSE),
            Self::RateLimited(pause) => Some(*pause),
            Self::NotInstalled | Self::NeedsReinstall(_) | Self::Inactive(_) => Some(PERSON_PAUSE),
            Self::Call(error) if error.advice == Advice::Inactive => Some(PERSON_PAUSE),
            _ => None,
        }
    }

    /// The cause, without what it means for the work.
    pub(super) fn detail(&self) -> Reason {
        match self {
            Self::NeedsReinstall(detail) | Self::Inactive(detail) | Self::Failing(detail) => {
                detail.clone()
            }
            other => other.reason(),
        }
    }

    /// Whether GHL did not answer, or a proxy did in its place: other calls would fail, too.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Call(CallError {
                is_outage: true,
                ..
            })
        )
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

/// The error for a failed renewal.
pub(super) fn renewal_error(error: CallError) -> TokenError {
    match error.advice {
        Advice::Inactive => TokenError::Inactive(error.detail),
        _ => TokenError::Call(error),
    }
}

/// The error for a stored problem.
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
