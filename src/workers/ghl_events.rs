//! GHL's events about the app → installs and uninstalls.
//!
//! Decides the effect of each event. It must not call a vendor: an event only changes rows, and
//! [`crate::workers::token_upkeep`] makes the calls.

use std::sync::Arc;

use time::Duration;
use tracing::{info, warn};

use crate::clients::ghl::{GhlEvent, WhiteLabel};
use crate::db::accounts::{account_names, white_label_domains};
use crate::db::opt_outs::dnd;
use crate::db::queue::Capacity;
use crate::db::webhooks::ghl_events;
use crate::db::webhooks::ghl_events::GhlEventJob;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::{Reason, Step};
use crate::runtime::notify::Signal;
use crate::workers::{Context, Worker};

/// The uninstall of a location with a long queue is one transaction of some seconds. If a process is killed, its event
/// and those behind it are claimed after this time.
const LEASE: Duration = Duration::seconds(15);
/// An event that was tried more often than this fails unread and stays stored, because others wait behind it.
const MAX_ATTEMPTS: i32 = 20;

/// The worker.
#[derive(Clone, Debug)]
pub struct GhlEvents(pub Arc<Context>);

impl Worker for GhlEvents {
    type Job = GhlEventJob;
    const NAME: &'static str = "ghl_events";
    const CONCURRENCY: usize = 1;

    fn signal(&self) -> &Signal {
        &self.0.signals.ghl_events
    }

    async fn claim(&self, _: impl Into<Capacity> + Send) -> sqlx::Result<Vec<GhlEventJob>> {
        let head = ghl_events::claim(&self.0.pool, self.0.clock.now(), LEASE).await?;
        Ok(head.into_iter().collect())
    }

    async fn process(&self, job: GhlEventJob) -> sqlx::Result<()> {
        let refusal = if job.attempt > MAX_ATTEMPTS {
            Some(Step::Poison.into())
        } else {
            self.apply(&job).await?
        };
        if let Some(why) = &refusal {
            warn!(event = job.id, %why, "an app event cannot be applied");
        }
        ghl_events::finish(&self.0.pool, &job, refusal.as_ref()).await?;
        self.0.signals.token_upkeep.notify_one();
        Ok(())
    }

    async fn release(&self, jobs: &[GhlEventJob]) -> sqlx::Result<()> {
        ghl_events::release(&self.0.pool, jobs, self.0.clock.now()).await
    }
}

impl GhlEvents {
    /// Applies an event. Returns why it cannot be read, if so.
    async fn apply(&self, job: &GhlEventJob) -> sqlx::Result<Option<Reason>> {
        let event = whatsapp_events::json::parse(&job.body).ok();
        let Some(event) = event.as_ref().and_then(GhlEvent::read) else {
            return Ok(Some(Step::EventUnreadable.into()));
        };
        let (location, company) = (event.location_id.as_ref(), event.company_id.as_ref());
        info!(
            event = job.id,
            r#type = event.kind,
            location = location.map(tracing::field::display),
            company = company.map(tracing::field::display),
            "app event"
        );
        let installs = &self.0.installs;
        match event.kind.as_str() {
            "INSTALL" => {
                installs
                    .note_install(location, company, event.said_at)
                    .await?;
                self.note_white_label(company, &event.white_label).await?;
                if let (Some(company), Some(name)) = (company, &event.company_name) {
                    account_names::record_name(&self.0.pool, company.as_str(), name).await?;
                }
            }
            "UNINSTALL" => {
                let is_gone = installs.uninstall(location, company, event.said_at).await?;
                if is_gone {
                    self.forget_white_label(location, company).await?;
                }
            }
            _ => self.note_dnd(job, &event).await?,
        }
        Ok(None)
    }

    /// Somebody changed whether a contact may be written to, or our own change is told.
    async fn note_dnd(&self, job: &GhlEventJob, event: &GhlEvent) -> sqlx::Result<()> {
        let (Some(location), Some((contact, dnd))) = (&event.location_id, &event.dnd) else {
            return Ok(());
        };
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        // GHL's clock may be a little ahead.
        let said_at = event.said_at.unwrap_or(job.received_at).min(now);
        dnd::record(pool, location, contact, *dnd, said_at, now).await?;
        self.0.signals.status_updates.notify_one();
        self.0.signals.sources.notify_one();
        Ok(())
    }

    async fn note_white_label(
        &self,
        company: Option<&CompanyId>,
        said: &WhiteLabel,
    ) -> sqlx::Result<()> {
        let Some(company) = company else {
            return Ok(());
        };
        let domain = match said {
            WhiteLabel::Unsaid => return Ok(()),
            WhiteLabel::None => None,
            WhiteLabel::Domain(domain) => Some(domain.as_str()),
        };
        white_label_domains::record_domain(&self.0.pool, company, domain, self.0.clock.now()).await
    }

    /// The domain is forgotten at the uninstall of the agency, not of one of its locations.
    async fn forget_white_label(
        &self,
        location: Option<&LocationId>,
        company: Option<&CompanyId>,
    ) -> sqlx::Result<()> {
        match (location, company) {
            (None, Some(company)) => {
                white_label_domains::record_domain(&self.0.pool, company, None, self.0.clock.now())
                    .await
            }
            _ => Ok(()),
        }
    }
}
