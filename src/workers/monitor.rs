//! Notices what stops a location that worked: another SMS provider was chosen, a number was unlinked, the gateway
//! reports nothing, WhatsApp seems to have restricted a number, or only a new install can replace the token. And what
//! keeps one from beginning, once its first hour is over: the provider was never chosen, GHL delivers nothing, the gateway
//! has never called.
//!
//! Checks each location regularly, and opens and resolves each incident once. Fixes what needs no person: a check of a
//! link makes Waapify try it again, and a silent webhook is registered again. The diagnosis is in [`crate::doctor`]. A
//! vendor that does not answer is no incident of a location.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use tracing::{debug, info, warn};

use crate::accounts::connect::ConnectError;
use crate::accounts::{connect, names};
use crate::db::accounts::installs;
use crate::db::history::health_facts::NumberHealth;
use crate::db::history::incidents::{About, Incident, MonitorJob};
use crate::db::history::setups::Setup;
use crate::db::history::{health_facts, incidents, setups};
use crate::db::numbers::protection::Of;
use crate::db::numbers::{NumberRow, holders, holds, protection, restrictions};
use crate::db::queue::Capacity;
use crate::doctor::{Acks, LinkFault, PERSISTS, Provider, REGISTERED, STOPPED};
use crate::model::protection::restricted;
use crate::model::reason::{Hold, Reason};
use crate::model::states::{IncidentKind, InstallStatus};
use crate::runtime::notify::Signal;
use crate::workers::{Context, Worker, customer_names};

/// A location is checked this often: a lost link is noticed within a quarter of an hour, and GHL allows many more calls
/// (100 in ten seconds and 200,000 a day).
const PAUSE: Duration = Duration::minutes(15);
/// Share of the pause that is added or subtracted at random, so that checks of many locations do not stay together.
const JITTER: f64 = 0.2;
/// A check is a call to GHL (30 s at most, and as much for a renewal) and two to Waapify for each number (25 s each). A
/// location with several silent numbers may be checked twice at once, which does no harm.
const LEASE: Duration = Duration::minutes(5);

/// How long a replaced number is shown: every user of the location has looked by then.
const REPLACEMENT_SHOWN: Duration = Duration::days(1);

/// The worker.
#[derive(Clone, Debug)]
pub struct Monitor(pub Arc<Context>);

impl Worker for Monitor {
    type Job = MonitorJob;
    const NAME: &'static str = "watch";
    /// A thousand locations are checked in time even if each waits 25 s for a gateway that is down.
    const CONCURRENCY: usize = 32;

    fn signal(&self) -> &Signal {
        &self.0.signals.monitor
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<MonitorJob>> {
        let limit = capacity.into().limit;
        incidents::claim_due_locations(&self.0.pool, self.0.clock.now(), LEASE, limit).await
    }

    async fn process(&self, job: MonitorJob) -> sqlx::Result<()> {
        let look = Look {
            context: &self.0,
            job: &job,
            incidents: incidents::list_open(&self.0.pool, &job.location_id).await?,
            setup: setups::find(&self.0.pool, &job.location_id).await?,
        };
        look.at_replacement().await?;
        let is_told = look.at_ghl().await?;
        look.at_deliveries(is_told).await?;
        look.at_numbers().await?;
        // Names come last: what has stopped is not noticed later because of them.
        names::refresh(&self.0.services, &job.location_id).await?;
        customer_names::ask_some(&self.0, &job.location_id).await?;
        let jitter = JITTER * (rand::random::<f64>() * 2.0 - 1.0);
        let next = self.0.clock.now() + PAUSE * (1.0 + jitter);
        incidents::schedule_next_check(&self.0.pool, &job, next).await
    }

    async fn release(&self, jobs: &[MonitorJob]) -> sqlx::Result<()> {
        for job in jobs {
            incidents::schedule_next_check(&self.0.pool, job, self.0.clock.now()).await?;
        }
        Ok(())
    }
}

/// One check of one location.
struct Look<'a> {
    context: &'a Context,
    job: &'a MonitorJob,
    /// The incidents that are open since earlier checks.
    incidents: Vec<Incident>,
    setup: Setup,
}

impl Look<'_> {
    async fn at_replacement(&self) -> sqlx::Result<()> {
        match self.find("", IncidentKind::Replaced) {
            Some(shown) if self.now() >= shown.since + REPLACEMENT_SHOWN => {
                self.resolve("", IncidentKind::Replaced).await
            }
            _ => Ok(()),
        }
    }

    /// Checks the install and the SMS provider. True if something else than the set-up's silence has to be told.
    async fn at_ghl(&self) -> sqlx::Result<bool> {
        let (context, location) = (self.context, &self.job.location_id);
        let install_status = installs::find_install_status(&context.pool, location).await?;
        if install_status == InstallStatus::NeedsReinstall {
            let why = health_facts::find_token_trouble(&context.pool, location).await?;
            self.open_for("", IncidentKind::Reinstall, None, why.as_ref())
                .await?;
            return Ok(true);
        }
        self.resolve("", IncidentKind::Reinstall).await?;
        if install_status != InstallStatus::Installed {
            return Ok(true);
        }
        match context.doctor.find_provider(location).await {
            Ok(provider) if provider.is_ours() => {
                incidents::record_provider(&context.pool, location, self.now()).await?;
                self.resolve("", IncidentKind::Provider).await?;
                Ok(false)
            }
            // Where we never were the provider, the set-up has an hour: before that, this is no incident.
            Ok(Provider::NotOurs { name, .. })
                if self.job.was_provider || self.setup.is_past_first_hour(self.now()) =>
            {
                self.open("", IncidentKind::Provider, name.as_deref())
                    .await?;
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) => {
                debug!(%location, %error, "GHL did not say who the SMS provider is");
                Ok(self.find("", IncidentKind::Provider).is_some())
            }
        }
    }

    /// Checks whether GHL has ever delivered a message, unless the cause `is_told` already.
    async fn at_deliveries(&self, is_told: bool) -> sqlx::Result<()> {
        let (setup, kind) = (self.setup, IncidentKind::Undelivered);
        setups::record(&self.context.pool, &self.job.location_id, setup, self.now()).await?;
        if !setup.has_delivery && !is_told && setup.is_past_first_hour(self.now()) {
            return self.open("", kind, None).await;
        }
        self.resolve("", kind).await
    }

    async fn at_numbers(&self) -> sqlx::Result<()> {
        let (context, location) = (self.context, &self.job.location_id);
        let numbers = health_facts::list_numbers(&context.pool, location, self.now()).await?;
        let known: Vec<_> = numbers
            .iter()
            .map(|number| number.number.as_str())
            .collect();
        for (trouble, kind) in
            incidents::resolve_gone(&context.pool, location, &known, self.now()).await?
        {
            info!(%location, trouble, kind = kind.as_str(), "a trouble ended with its number");
        }
        for number in &numbers {
            self.at_holders(number).await?;
            self.at_number(number).await?;
            self.at_protection(number).await?;
        }
        protection::prune(&context.pool, location, self.now()).await
    }

    /// Checks whether another location has taken the number over. Whoever connects it says so at once; this ends it when the
    /// other one gives the number up.
    async fn at_holders(&self, number: &NumberHealth) -> sqlx::Result<()> {
        let (pool, location) = (&self.context.pool, &self.job.location_id);
        let (digits, instance) = (&number.number, &number.instance_id);
        if holders::is_taken(pool, location, digits, instance, number.connected_at).await? {
            return self.open(digits, IncidentKind::Taken, None).await;
        }
        self.resolve(digits, IncidentKind::Taken).await
    }

    async fn at_number(&self, number: &NumberHealth) -> sqlx::Result<()> {
        let (context, location) = (self.context, &self.job.location_id);
        // This call makes Waapify try to link it again.
        let is_named = match context.doctor.find_link_fault(location, number).await {
            Ok(Some(Ok(is_named))) => is_named,
            Ok(Some(Err(fault))) => return self.link_is_broken(number, fault).await,
            Ok(None) => return self.at_acks(number).await,
            Err(error) => {
                warn!(%location, %error, "a number cannot be looked at");
                return Ok(());
            }
        };
        self.link_works(number, is_named).await?;
        self.listen(number).await?;
        self.at_first_call(number).await?;
        self.at_acks(number).await
    }

    /// Checks whether the gateway has ever called, if it was not sent anything to report: a silence has its own check.
    async fn at_first_call(&self, number: &NumberHealth) -> sqlx::Result<()> {
        let (location, kind) = (&self.job.location_id, IncidentKind::Unheard);
        if let Some(at) = number.heard_at {
            setups::record_heard(&self.context.pool, location, &number.number, at).await?;
            return self.resolve(&number.number, kind).await;
        }
        if number.unheard_since.is_some() {
            return self.resolve(&number.number, kind).await;
        }
        if !number.was_never_heard(self.now()) {
            return Ok(());
        }
        if self.find(&number.number, kind).is_none() {
            self.register(number).await?;
        }
        self.open(&number.number, kind, None).await
    }

    /// Checks whether WhatsApp seems to have restricted the number. That ends when it confirms a message, or when the
    /// number is connected again; that it sends nothing proves nothing.
    async fn at_acks(&self, number: &NumberHealth) -> sqlx::Result<()> {
        let (kind, location) = (IncidentKind::Restricted, &self.job.location_id);
        let before = self.find(&number.number, kind);
        let detail = before.and_then(|before| before.detail.as_deref());
        match self.context.doctor.find_acks(location, number).await? {
            Acks::Missing(why) => self.open(&number.number, kind, Some(why.code())).await,
            Acks::Come => self.resolve(&number.number, kind).await,
            Acks::NotKnown if before.is_some_and(|before| number.connected_at > before.since) => {
                self.resolve(&number.number, kind).await
            }
            Acks::NotKnown if before.is_some() => self.open(&number.number, kind, detail).await,
            Acks::NotKnown => Ok(()),
        }
    }

    /// Checks whether messages wait because WhatsApp refused some.
    async fn at_protection(&self, number: &NumberHealth) -> sqlx::Result<()> {
        let (pool, kind) = (&self.context.pool, IncidentKind::Paused);
        let of = Of {
            location: &self.job.location_id,
            number: &number.number,
        };
        let Some(known) = protection::find(pool, of).await? else {
            return Ok(());
        };
        let is_on = known
            .settings
            .is_on
            .unwrap_or(self.context.protects_numbers);
        let until = known.strangers_from.filter(|until| *until > self.now());
        match (known.stopped_at, until) {
            _ if !is_on => self.resolve(of.number, kind).await,
            (Some(_), _) => self.open(of.number, kind, Some(STOPPED)).await,
            (None, Some(until)) => {
                let why = restricted(until, &known.limits(self.now()).zone);
                self.open_for(of.number, kind, None, Some(&why)).await
            }
            (None, None) => self.resolve(of.number, kind).await,
        }
    }

    async fn link_is_broken(&self, number: &NumberHealth, fault: LinkFault) -> sqlx::Result<()> {
        let (pool, location) = (&self.context.pool, &self.job.location_id);
        if fault == LinkFault::OtherNumber {
            holds::mark_other_phone(pool, location, &number.number, &Hold::OtherNumber).await?;
        }
        if fault == LinkFault::Unlinked {
            let (number, is_on) = (number.number.as_str(), self.context.protects_numbers);
            let of = Of { location, number };
            restrictions::note_lost_link(pool, of, is_on, self.now()).await?;
        }
        self.open(&number.number, IncidentKind::Link, Some(fault.code()))
            .await
    }

    async fn link_works(&self, number: &NumberHealth, is_named: bool) -> sqlx::Result<()> {
        self.resolve(&number.number, IncidentKind::Link).await?;
        // Release the hold now, so that messages need not wait for its next try.
        if matches!(
            number.hold_reason,
            Some(Reason::Hold(Hold::LinkLost | Hold::OtherNumber))
        ) {
            let (context, location) = (self.context, &self.job.location_id);
            let mut connection = context.pool.acquire().await?;
            let (number, now) = (&number.number, self.now());
            holds::release_number(&mut connection, location, number, now, is_named).await?;
            context.signals.outbound.notify_one();
        }
        Ok(())
    }

    /// Checks whether the gateway reports what is sent. A silence ends with the next report, or when the number is
    /// connected again.
    async fn listen(&self, number: &NumberHealth) -> sqlx::Result<()> {
        let location = &self.job.location_id;
        let before = self.find(&number.number, IncidentKind::Silence);
        let heard_at = number.last_event_at.max(Some(number.connected_at));
        match (before, number.unheard_until) {
            (Some(before), _) if heard_at > Some(before.since) => {
                self.resolve(&number.number, IncidentKind::Silence).await
            }
            (None, Some(_)) => {
                self.register(number).await?;
                self.open(&number.number, IncidentKind::Silence, Some(REGISTERED))
                    .await
            }
            // Sent after the webhook was registered again, and still not reported.
            (Some(before), Some(until)) if until > before.since => {
                if before.detail.as_deref() != Some(PERSISTS) {
                    let trouble = before.id;
                    warn!(%location, trouble, "the gateway stays silent though its webhook was registered again");
                }
                self.register(number).await?;
                self.open(&number.number, IncidentKind::Silence, Some(PERSISTS))
                    .await
            }
            (Some(before), _) => {
                let detail = before.detail.as_deref();
                self.open(&number.number, IncidentKind::Silence, detail)
                    .await
            }
            (None, None) => Ok(()),
        }
    }

    async fn register(&self, number: &NumberHealth) -> sqlx::Result<()> {
        let (context, location) = (self.context, &self.job.location_id);
        let row = NumberRow {
            number: number.number.clone(),
            instance_id: number.instance_id.clone(),
            access_token: number.access_token.clone(),
        };
        let registered = match connect::open_credentials(&context.sealer, location, &row) {
            Ok(credentials) => context.connector.settle_webhook(&credentials).await,
            Err(error) => Err(error.into()),
        };
        match registered {
            Ok(()) => info!(%location, "the webhook is registered again"),
            Err(ConnectError::Database(error)) => return Err(error),
            Err(error) => warn!(%location, %error, "the webhook could not be registered again"),
        }
        Ok(())
    }

    fn find(&self, number: &str, kind: IncidentKind) -> Option<&Incident> {
        let mut incidents = self.incidents.iter();
        incidents.find(|incident| incident.number == number && incident.kind == kind)
    }

    async fn open(
        &self,
        number: &str,
        kind: IncidentKind,
        detail: Option<&str>,
    ) -> sqlx::Result<()> {
        self.open_for(number, kind, detail, None).await
    }

    async fn open_for(
        &self,
        number: &str,
        kind: IncidentKind,
        detail: Option<&str>,
        why: Option<&Reason>,
    ) -> sqlx::Result<()> {
        let about = self.about(number, kind);
        let opened = incidents::open(&self.context.pool, about, detail, why, self.now()).await?;
        if let Some((trouble, true)) = opened {
            warn!(location = %about.location, trouble, kind = kind.as_str(), "a trouble began");
        }
        Ok(())
    }

    async fn resolve(&self, number: &str, kind: IncidentKind) -> sqlx::Result<()> {
        let about = self.about(number, kind);
        if let Some(trouble) = incidents::resolve(&self.context.pool, about, self.now()).await? {
            info!(location = %about.location, trouble, kind = kind.as_str(), "a trouble ended");
        }
        Ok(())
    }

    fn about<'a>(&'a self, number: &'a str, kind: IncidentKind) -> About<'a> {
        About {
            location: &self.job.location_id,
            number,
            kind,
        }
    }

    fn now(&self) -> OffsetDateTime {
        self.context.clock.now()
    }
}
