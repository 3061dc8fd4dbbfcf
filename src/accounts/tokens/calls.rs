//! Calls with a valid token, within the owner's limit; and what their answers say of the token.

use secrecy::SecretString;
use tracing::{info, warn};

use crate::accounts::tokens::error::stored_problem;
use crate::accounts::tokens::{Open, Owner, TokenError, Tokens};
use crate::clients::ghl;
use crate::clients::ghl::{Advice, CallError};
use crate::db::accounts::rate_limits::CallPriority;
use crate::db::accounts::{rate_limits, token_requests, tokens, vendor_outages};
use crate::model::ids::LocationId;
use crate::model::reason::{Reason, Wait};
use crate::model::states::TokenProblem;

impl Tokens {
    /// Calls GHL with a location's valid token. If GHL says that it has expired, renews it once and calls again.
    pub async fn call<T, F>(
        &self,
        location: &LocationId,
        call: impl Fn(ghl::Client, SecretString) -> F,
    ) -> Result<T, TokenError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        self.call_as(Owner::Location(location), CallPriority::Reply, call)
            .await
    }

    /// As [`Tokens::call`], for any owner, within the owner's rate limit for calls of this priority.
    pub async fn call_as<T, F>(
        &self,
        owner: Owner<'_>,
        priority: CallPriority,
        call: impl Fn(ghl::Client, SecretString) -> F,
    ) -> Result<T, TokenError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut held = self.valid(owner, None).await?;
        let mut answer = self.rate_limited(owner, priority, &held, &call).await?;
        if matches!(&answer, Err(error) if error.advice == Advice::Reauthorize) {
            info!(owner = owner.id(), "GHL says that the token has ended");
            held = self.valid(owner, Some(held.version)).await?;
            answer = self.rate_limited(owner, priority, &held, &call).await?;
        }
        self.note_answer(owner, &held, answer).await
    }

    /// As [`Tokens::call`], for a name, which nobody misses: once, with the stored token while it lives, and not when others may
    /// need the calls. It renews nothing, requests nothing, and takes no answer as a word on the token.
    ///
    /// # Errors
    /// [`TokenError::Pending`] without such a token.
    pub async fn call_for_name<T, F>(
        &self,
        location: &LocationId,
        call: impl Fn(ghl::Client, SecretString) -> F,
    ) -> Result<T, TokenError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let owner = Owner::Location(location);
        let row = tokens::find_token(&self.pool, owner.kind(), owner.id()).await?;
        let row = row.filter(|row| self.is_fresh(row, None) && !row.is_refused());
        let held = self.open(owner, &row.ok_or(TokenError::Pending)?)?;
        let answer = self
            .rate_limited(owner, CallPriority::Name, &held, &call)
            .await?;
        Ok(answer?)
    }

    /// Whether a location has a token that GHL takes, as far as that is known without a call.
    ///
    /// # Errors
    /// [`TokenError`]: what is wrong with the token.
    pub async fn check(&self, location: &LocationId) -> Result<(), TokenError> {
        let row = self.find(Owner::Location(location)).await?;
        let needs_person = matches!(
            row.problem,
            Some(TokenProblem::NeedsReinstall | TokenProblem::Inactive)
        );
        if row.is_refused() || needs_person && !self.is_fresh(&row, None) {
            return Err(stored_problem(&row));
        }
        Ok(())
    }

    /// Makes one call that counts against the owner's rate limit, and stores the limits that GHL reports, for all
    /// processes.
    async fn rate_limited<T, F>(
        &self,
        owner: Owner<'_>,
        priority: CallPriority,
        held: &Open,
        call: &impl Fn(ghl::Client, SecretString) -> F,
    ) -> Result<Result<T, CallError>, TokenError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let now = self.clock.now();
        let counted = rate_limits::take_call(&self.pool, owner.id(), priority, now)
            .await?
            .map_err(|until| TokenError::RateLimited(until - now))?;
        let ghl = self.ghl.with_own_limits();
        let answer = call(ghl.clone(), held.token.clone()).await;
        let (limits, now) = (ghl.limits(), self.clock.now());
        // The answer counts even if the limits cannot be stored.
        if let Err(error) =
            rate_limits::record_limits(&self.pool, owner.id(), counted, limits, now).await
        {
            warn!(owner = owner.id(), %error, "GHL's limits could not be kept");
        }
        let has_answered = answer
            .as_ref()
            .map_or_else(|error| !error.is_outage, |_| true);
        if counted.is_down && has_answered {
            info!(owner = owner.id(), "GHL answers again");
            vendor_outages::end_outage(&self.pool, owner.id(), now).await?;
        }
        Ok(answer)
    }

    /// Records whether the token opens its location. If not, another one is requested, and the work waits for it.
    async fn note_answer<T>(
        &self,
        owner: Owner<'_>,
        held: &Open,
        answer: Result<T, CallError>,
    ) -> Result<T, TokenError> {
        match (owner, answer) {
            (Owner::Location(location), Err(error)) if error.is_of_another_location() => {
                let cause = Box::new(error.detail);
                let why = Reason::from(Wait::Moved { cause });
                if tokens::record_refusal(&self.pool, owner.key(), held.version, &why).await? {
                    warn!(%location, %why, "GHL does not take the token");
                    token_requests::request_another(&self.pool, location, self.clock.now()).await?;
                }
                Err(TokenError::NeedsReinstall(why))
            }
            (_, answer) => {
                if held.is_refused && answer.is_ok() {
                    let now = self.clock.now();
                    tokens::end_refusal(&self.pool, owner.key(), held.version, now).await?;
                }
                Ok(answer?)
            }
        }
    }
}
