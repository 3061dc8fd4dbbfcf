//! Connects a WhatsApp number to a location: checks the credentials, points the webhook here, stores the keys sealed.
//!
//! The command, the connect page and the install form (`pending_connections`) share this procedure. Nothing is stored
//! that Waapify did not accept. `entered` reads what people enter, `error` says what to fix.

mod entered;
mod error;
mod pending_connections;

use entered::credentials;
pub use entered::digits;
pub(in crate::accounts) use entered::is_key;
pub use error::{ConnectError, Field, check_text};
pub use pending_connections::PendingConnectionResult;
use secrecy::{ExposeSecret, SecretString};
use tracing::{error, info, warn};
use url::Url;

use crate::clients::waapify::{Client, Credentials};
use crate::crypto::{OpenError, Sealer, hash_secret, random_secret};
use crate::db::accounts::{connect_links, locations, pending_connections as stored};
use crate::db::connection::Pool;
use crate::db::history::audit;
use crate::db::history::audit::NewEntry;
use crate::db::history::incidents;
use crate::db::history::incidents::About;
use crate::db::numbers;
use crate::db::numbers::holders::{Asker, Holder};
use crate::db::numbers::{
    ConnectedNumber, LastNumber, NewNumber, NumberRow, holders, webhook_secrets,
};
use crate::model::audit::{Action, ActorKind, Outcome};
use crate::model::ids::LocationId;
use crate::model::phone_forms;
use crate::model::states::IncidentKind;
use crate::runtime::clock::Clock;

/// How often a webhook is set again because the database changed meanwhile. Even two changes are a rare coincidence.
const SETTLE_ROUNDS: usize = 3;

/// Connects numbers.
#[derive(Clone, Debug)]
pub struct Connector {
    pool: Pool,
    waapify: Client,
    sealer: Sealer,
    clock: Clock,
    public_url: Url,
}

/// What a person enters.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Entered {
    /// Waapify's instance id.
    pub instance_id: String,
    /// Waapify's access token.
    pub access_token: SecretString,
    /// The WhatsApp number, with its country code; empty where Waapify is to name it.
    #[serde(default)]
    pub number: String,
}

/// A connected number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Its digits.
    pub number: String,
    /// Other locations that are connected to the same number or instance. Waapify posts to one address only, so their
    /// replies and status updates now arrive at the new location.
    pub sharers: Vec<LocationId>,
}

/// Who connects a number.
#[derive(Clone, Debug)]
enum By {
    /// An operator, or a user to whom GHL shows the location.
    Operator,
    /// The holder of a connect link, which is then used up.
    Link(LinkUse),
    /// GHL's install form, for a location that has no number yet.
    PendingConnection,
}

/// A connect link that permits to connect a number.
#[derive(Clone, Debug)]
pub struct LinkUse {
    /// The hash of its token.
    pub hash: Vec<u8>,
    /// It was made for a user whom GHL proved, who may replace the location's number.
    pub made_inside: bool,
    /// That user, as the audit names him.
    pub made_by: Option<String>,
    /// Its holder said that the location's number may be replaced.
    pub may_replace: bool,
}

impl Connector {
    /// Creates a connector that points webhooks at `public_url`.
    #[must_use]
    pub fn new(pool: Pool, waapify: Client, sealer: Sealer, clock: Clock, public_url: Url) -> Self {
        Self {
            pool,
            waapify,
            sealer,
            clock,
            public_url,
        }
    }

    /// Connects a number and makes it the location's default. Connecting again is harmless. `link` is the connect
    /// link that permits it, which is then used up; an operator needs none. A link that was made outside GHL and
    /// replaces the location's number leaves an incident. On error nothing is stored.
    pub async fn connect(
        &self,
        location: &LocationId,
        entered: &Entered,
        link: Option<LinkUse>,
    ) -> Result<Connected, ConnectError> {
        let (this, location, entered) = (self.clone(), location.clone(), entered.clone());
        // Runs in its own task: if the caller leaves while Waapify is asked, the webhook must not keep an address that
        // was never stored.
        let connecting = tokio::spawn(async move {
            let by = link.map_or(By::Operator, By::Link);
            this.connect_by(&location, &entered, &by).await
        });
        let ended = connecting.await;
        ended.unwrap_or_else(|_| Err(ConnectError::Database(sqlx::Error::WorkerCrashed)))
    }

    /// Asks Waapify which number is linked to what a person entered, and stores nothing. None when Waapify does not say.
    pub async fn find_linked(
        &self,
        entered: &Entered,
    ) -> Result<(Credentials, Option<String>), ConnectError> {
        let credentials = credentials(entered)?;
        let linked = self.waapify.reconnect(&credentials).await?.number;
        Ok((credentials, linked))
    }

    async fn connect_by(
        &self,
        location: &LocationId,
        entered: &Entered,
        by: &By,
    ) -> Result<Connected, ConnectError> {
        let number = digits(&entered.number)?;
        let credentials = credentials(entered)?;
        let replaced = self
            .check_replacement(location, &number, &credentials, by)
            .await?;
        let linked = self.waapify.reconnect(&credentials).await?.number;
        if let Some(linked) = linked.filter(|linked| !phone_forms::is_same(linked, &number)) {
            return Err(ConnectError::OtherNumber { linked });
        }
        // Anyone who knew the address before does not know the new one.
        let secret = random_secret();
        let (hash, now) = (hash_secret(secret.expose_secret()), self.clock.now());
        webhook_secrets::announce(&self.pool, location, &number, &hash, now).await?;
        let webhook = self.webhook_url(&secret);
        let is_contested =
            numbers::is_being_disconnected(&self.pool, &credentials.instance_id).await?;
        self.waapify
            .set_webhook(&credentials, webhook.expose_secret())
            .await
            .map_err(ConnectError::Webhook)?;
        let stored = self
            .store(location, &number, &credentials, &secret, by)
            .await;
        // If an uninstall is still clearing the webhook, or nothing was stored, the database decides where it points.
        if (is_contested || !matches!(stored, Ok(true)))
            && let Err(error) = self.settle_webhook(&credentials).await
        {
            warn!(%location, %error, "the webhook may point elsewhere");
        }
        if !stored? {
            return Err(ConnectError::LinkGone);
        }
        info!(%location, "a WhatsApp number is connected");
        self.record(location, &number, by).await;
        if let Some(replaced) = replaced {
            self.tell_replacement(location, &replaced).await;
        }
        let instance = &credentials.instance_id;
        let asker = Asker::Stranger;
        let holders = holders::list_holders(&self.pool, location, &number, instance, asker).await?;
        self.tell_holders(location, &number, &holders).await;
        let mut sharers: Vec<_> = holders.into_iter().map(|one| one.location_id).collect();
        sharers.dedup();
        Ok(Connected { number, sharers })
    }

    /// Shows the people of each location that had the number that it has lost it, and that this one has it. The monitor
    /// does the same later, should this fail.
    async fn tell_holders(&self, location: &LocationId, number: &str, holders: &[Holder]) {
        let now = self.clock.now();
        let about = |location, number| About {
            location,
            number,
            kind: IncidentKind::Taken,
        };
        if let Err(error) = incidents::resolve(&self.pool, about(location, number), now).await {
            warn!(%location, %error, "that the number is back could not be noted");
        }
        for holder in holders {
            let sharer = &holder.location_id;
            warn!(%location, %sharer, "another location is connected to the same number; its replies come here now");
            let about = about(sharer, &holder.number);
            if let Err(error) = incidents::open(&self.pool, about, None, None, now).await {
                error!(%sharer, %error, "that a number was taken could not be noted");
            }
        }
    }

    /// Notes who connected a number. It is connected, even where that cannot be noted.
    async fn record(&self, location: &LocationId, number: &str, by: &By) {
        let (actor_kind, actor) = match by {
            By::Operator => (ActorKind::Command, None),
            By::Link(link) => {
                let user = link.made_by.as_deref();
                (ActorKind::of_link(user), user)
            }
            By::PendingConnection => (ActorKind::InstallForm, None),
        };
        let entry = NewEntry {
            actor_kind,
            actor,
            action: Action::Connect,
            location: Some(location),
            place: Some(number),
            count: None,
            outcome: Outcome::Done,
        };
        if let Err(error) = audit::record(&self.pool, entry, self.clock.now()).await {
            warn!(%location, %error, "who connected the number could not be recorded");
        }
    }

    /// The number that somebody without GHL's session replaces, if he does so knowingly.
    async fn check_replacement(
        &self,
        location: &LocationId,
        number: &str,
        credentials: &Credentials,
        by: &By,
    ) -> Result<Option<String>, ConnectError> {
        let By::Link(LinkUse {
            made_inside: false,
            may_replace,
            ..
        }) = by
        else {
            return Ok(None);
        };
        let same = (number, credentials.instance_id.as_str());
        match self.find_replaced(location, Some(same)).await? {
            Some(connected) if !may_replace => Err(ConnectError::WouldReplace { connected }),
            replaced => Ok(replaced),
        }
    }

    /// The number of a location that another one would replace. `same`: a number and its instance, which replace nothing
    /// if they are connected already.
    pub async fn find_replaced(
        &self,
        location: &LocationId,
        same: Option<(&str, &str)>,
    ) -> sqlx::Result<Option<String>> {
        let connected = numbers::find_last(&self.pool, location).await?;
        let connected = connected.filter(|last| last.is_connected);
        let is_same = |last: &LastNumber| Some((&*last.number, &*last.instance_id)) == same;
        Ok(connected
            .filter(|last| !is_same(last))
            .map(|last| last.number))
    }

    /// Shows the location's people that its number was replaced. The number is connected, whether or not this works.
    async fn tell_replacement(&self, location: &LocationId, replaced: &str) {
        let about = About {
            location,
            number: "",
            kind: IncidentKind::Replaced,
        };
        let now = self.clock.now();
        match incidents::open(&self.pool, about, Some(replaced), None, now).await {
            Ok(_) => {
                warn!(%location, "a link from outside GHL replaced the number of a connected location");
            }
            Err(error) => error!(%location, %error, "a replaced number could not be noted"),
        }
    }

    fn webhook_url(&self, secret: &SecretString) -> SecretString {
        let base = self.public_url.as_str().trim_end_matches('/');
        SecretString::from(format!("{base}/hooks/waapify/{}", secret.expose_secret()))
    }

    async fn store(
        &self,
        location: &LocationId,
        number: &str,
        credentials: &Credentials,
        secret: &SecretString,
        by: &By,
    ) -> sqlx::Result<bool> {
        let row = NewNumber {
            number: number.to_owned(),
            instance_id: credentials.instance_id.clone(),
            access_token: self.sealer.seal(
                &place(location, number, "access"),
                &credentials.access_token,
            ),
            webhook_secret: self
                .sealer
                .seal(&place(location, number, "webhook"), secret),
            webhook_secret_hash: hash_secret(secret.expose_secret()),
        };
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let is_allowed = match by {
            By::Operator => true,
            By::Link(link) => connect_links::use_link(&mut tx, &link.hash, number, now).await?,
            By::PendingConnection => stored::use_pending_connection(&mut tx, location).await?,
        };
        if !is_allowed {
            return Ok(false);
        }
        locations::ensure_location(&mut tx, location).await?;
        numbers::record_number(&mut tx, location, &row, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Points an instance's webhook where the database says: at the connected number, or nowhere.
    pub async fn settle_webhook(&self, credentials: &Credentials) -> Result<(), ConnectError> {
        let find = || numbers::find_connected(&self.pool, &credentials.instance_id);
        let mut wanted = find().await?;
        for _ in 0..SETTLE_ROUNDS {
            self.point_webhook(credentials, wanted.as_ref()).await?;
            // The database may have changed while Waapify was asked.
            let found = find().await?;
            if found == wanted {
                break;
            }
            wanted = found;
        }
        Ok(())
    }

    async fn point_webhook(
        &self,
        credentials: &Credentials,
        at: Option<&ConnectedNumber>,
    ) -> Result<(), ConnectError> {
        let told = match at {
            Some(number) => {
                let place = place(&number.location_id, &number.number, "webhook");
                let secret = self.sealer.open(&place, &number.webhook_secret)?;
                let url = self.webhook_url(&secret);
                self.waapify
                    .set_webhook(credentials, url.expose_secret())
                    .await
            }
            None => {
                self.waapify
                    .clear_webhook(credentials, &self.public_url)
                    .await
            }
        };
        told.map_err(ConnectError::Webhook)
    }
}

/// Opens the keys of a stored number.
pub fn open_credentials(
    sealer: &Sealer,
    location: &LocationId,
    row: &NumberRow,
) -> Result<Credentials, OpenError> {
    let access_token = sealer.open(&place(location, &row.number, "access"), &row.access_token)?;
    Ok(Credentials {
        instance_id: row.instance_id.clone(),
        access_token,
    })
}

/// The place of a number's secret, which its seal is bound to.
fn place(location: &LocationId, number: &str, part: &str) -> String {
    format!("numbers/{location}/{number}/{part}")
}
