//! What is sent while the gateway, or one number's instance, fails for every message: a probe, and nothing else.
//!
//! Decides when a circuit is opened and closed, and whether a probe may be sent. A message that may be lost on the way
//! is not risked before Waapify has answered a check, which sends nothing.

use time::Duration;
use tracing::{info, warn};

use crate::accounts::connect;
use crate::clients::waapify::{CheckError, Scope, SendFailure, Trouble};
use crate::db::outbound;
use crate::db::outbound::circuits::{Failed, OpenCircuit};
use crate::db::outbound::{OutboundJob, circuits, outcomes};
use crate::model::reason::{Hold, Reason};
use crate::model::retry_schedule::{PROBE, RISKY_PROBE};
use crate::workers::Worker as _;
use crate::workers::outbound::{Job, LEASE, Outbound};

/// Until a check that got no answer is repeated; a check takes up to 25 s itself.
const CHECK_PAUSE: Duration = Duration::seconds(45);
/// Until a circuit is looked at again for which no message could be claimed, or whose message was not sent.
const IDLE_PAUSE: Duration = Duration::seconds(2);
/// Jobs that probes leave free for sends that work: hundreds of hung numbers may be probed.
const KEPT_FREE: i64 = 32;

impl Outbound {
    /// The probes that are due, one for each open circuit.
    pub(super) async fn claim_probes(&self, free: i64) -> sqlx::Result<Vec<Job>> {
        let limit = free.min(i64::try_from(Self::CONCURRENCY).unwrap_or(free)) - KEPT_FREE;
        if limit <= 0 {
            return Ok(Vec::new());
        }
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        let mut probes = Vec::new();
        for circuit in circuits::claim_due(pool, now, now + LEASE, limit).await? {
            let claimed = outbound::claim_probe(pool, now, LEASE, self.pace(), &circuit).await?;
            let until = if claimed.is_some() { LEASE } else { IDLE_PAUSE };
            let message = claimed.as_ref().map(|job| job.id);
            circuits::record_probe(pool, &circuit, message, now + until).await?;
            probes.extend(claimed.map(|job| Job::Probe(job, circuit)));
        }
        Ok(probes)
    }

    /// Sends a probe. If the last one may have been lost on the way, only after Waapify has answered a check.
    pub(super) async fn probe(&self, job: &OutboundJob, circuit: &OpenCircuit) -> sqlx::Result<()> {
        let pool = &self.0.pool;
        if circuit.is_risky
            && let Some(cause) = self.find_silence(job).await
        {
            let now = self.0.clock.now();
            circuits::end_probe(pool, job.id, now + CHECK_PAUSE).await?;
            return outcomes::snooze(pool, job, &fails(cause), now, now).await;
        }
        self.handle(job).await?;
        // Only a probe that was not sent, for a reason of its own, has not ended yet.
        circuits::end_probe(pool, job.id, self.0.clock.now() + IDLE_PAUSE).await
    }

    /// Why Waapify gives no answer of its own about the number; none if it does, whatever the answer is.
    async fn find_silence(&self, job: &OutboundJob) -> Option<Reason> {
        let number = job.sender()?;
        let opened = connect::open_credentials(&self.0.sealer, &job.location_id, &number);
        match self.0.waapify.reconnect(&opened.ok()?).await {
            Err(CheckError::Unreachable(cause)) => Some(cause),
            _ => None,
        }
    }

    /// Opens the circuit of a failure that concerns other messages, too; closes those of a number that the gateway
    /// answered.
    pub(super) async fn note_circuit(
        &self,
        job: &OutboundJob,
        number: &str,
        failure: &SendFailure,
    ) -> sqlx::Result<()> {
        let (Trouble { cause, scope }, is_risky) = match failure {
            SendFailure::Unknown(trouble) => (trouble, true),
            SendFailure::GatewayDown(trouble) => (trouble, false),
            SendFailure::TooLong => return Ok(()),
            SendFailure::AttemptFailed(_)
            | SendFailure::SameText(_)
            | SendFailure::NumberStopped(_)
            | SendFailure::Rejected(_) => return self.close_circuits(job, number).await,
        };
        let failed = Failed {
            number,
            is_gateways: *scope == Scope::Gateway,
            is_risky,
            reason: &fails(cause.clone()),
            pauses: if is_risky { RISKY_PROBE } else { PROBE }.seconds(),
        };
        if circuits::record_failure(&self.0.pool, job, failed, self.0.clock.now()).await? {
            warn!(location = %job.location_id, ?scope, %cause, "the gateway fails for every message, they wait");
        }
        Ok(())
    }

    /// Records that the gateway answered a send from a number.
    pub(super) async fn close_circuits(&self, job: &OutboundJob, number: &str) -> sqlx::Result<()> {
        if !job.is_failing {
            return Ok(());
        }
        let now = self.0.clock.now();
        if circuits::close(&self.0.pool, &job.location_id, number, now).await? {
            info!(location = %job.location_id, "the gateway answers again");
            self.0.signals.outbound.notify_one();
        }
        Ok(())
    }
}

fn fails(cause: Reason) -> Reason {
    Hold::GatewayFails {
        cause: Box::new(cause),
    }
    .into()
}
