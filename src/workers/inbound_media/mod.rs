//! Customers' files → GHL: fetched from WhatsApp, verified and uploaded, or otherwise linked.
//!
//! Owns one attempt at a file, and how long its message waits for it. It must not keep a file in memory that is too
//! large for GHL: such a file is only verified, and its reader downloads it through our link.

mod fetched_files;
mod sticker;

use std::sync::Arc;
use std::time::Duration as StdDuration;

use bytes::Bytes;
pub use fetched_files::FetchedFiles;
use secrecy::ExposeSecret as _;
use time::{Duration, OffsetDateTime};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tracing::{info, warn};
use url::Url;
use whatsapp_events::{FileType, MediaFile};

use crate::accounts::tokens::TokenError;
use crate::clients::ghl::{Advice, CallError, MAX_UPLOAD_BYTES, NewFile};
use crate::clients::whatsapp_media::FetchError;
use crate::clients::{endpoint, ghl};
use crate::crypto::{hash_secret, random_secret};
use crate::db::inbound::media;
use crate::db::inbound::media::{Fate, Link, MediaJob};
use crate::db::queue::{Capacity, location_key};
use crate::model::ids::{ContactId, LocationId};
use crate::model::reason::{Media as NoMedia, Reason, Step};
use crate::model::retry_schedule::MEDIA;
use crate::runtime::notify::Signal;
use crate::workers::inbound::contacts;
use crate::workers::inbound::contacts::Sender;
use crate::workers::{Context, Worker};

/// How long a message waits for its file at most: enough for two slow tries, and short for a person who waits.
pub(in crate::workers) const MEDIA_WAIT: Duration = Duration::minutes(2);
/// Longest time for fetching: a video of 50 MB at 12 Mbit/s.
const FETCH: StdDuration = StdDuration::from_secs(35);
/// Longest time for an upload: 5 MB at 4 Mbit/s, and ten seconds for the contact.
const UPLOAD: StdDuration = StdDuration::from_secs(20);
/// Both, and the statements that record them. After a kill, the file is claimed again while its message still waits.
const LEASE: Duration = Duration::seconds(60);
/// How old a message may be that waits for a call to GHL for its file: in a busy minute its location's calls are used up by
/// other messages, and within five come three thousand. Then its reader downloads the file through our link.
pub(in crate::workers) const BUSY_WAIT: Duration = Duration::minutes(5);
/// A wait without a known end.
const BUSY_PAUSE: Duration = Duration::seconds(5);
/// Attempts that may end with their process; after more, the file is not tried again.
const MAX_CRASHED_ATTEMPTS: i32 = 3;
/// Tries at an upload that may still succeed; then the file is linked, which needs no call to GHL.
const UPLOAD_TRIES: i32 = 3;
/// How long a better picture that cannot be had waits for the smaller one to arrive. The posts of a gateway run side by side,
/// so it is seconds behind, if it comes at all.
const PAIR_WAIT: Duration = Duration::seconds(10);
/// How often it is looked for meanwhile.
const PAIR_PAUSE: Duration = Duration::seconds(3);
/// Lifetime of a link, shorter than WhatsApp's storage of two and a half to three weeks
/// (`docs/vendors/whatsapp.md#media-files`).
pub const LINK_DAYS: i64 = 17;

/// The worker.
#[derive(Clone, Debug)]
pub struct Media(pub Arc<Context>);

/// The result of a try.
enum Outcome {
    /// GHL has the file at this address.
    Attached(String),
    /// The file gets a link, because GHL does not get it.
    Linked,
    /// The same, because GHL does not take it; the reader can have it.
    Refused,
    /// The file is not available.
    Missing(Reason),
    /// The try failed; when no try is left, the second outcome counts.
    Later(Reason, Box<Outcome>),
    /// It was not tried: a call to GHL, a token or a contact is due after this time.
    Wait(Reason, Duration),
    /// As before, but for a token that a person has to mend: its message waits as long.
    Hold(Reason, Duration),
}

/// A file in a form that GHL accepts; none if there is no such form.
type Fetched = Result<Option<NewFile>, FetchError>;

impl Worker for Media {
    type Job = MediaJob;
    const NAME: &'static str = "media";
    /// Each job may hold as much as GHL accepts, 5 MB, and a sticker's pixels. So memory is limited, however many files
    /// wait.
    const CONCURRENCY: usize = 8;
    /// A few large files take a minute; four locations may send some at once.
    const SHARE: usize = 2;
    /// A file that is quick says nothing about the next one.
    const CAN_EARN: bool = false;

    fn signal(&self) -> &Signal {
        &self.0.signals.inbound_media
    }

    fn holder(job: &MediaJob) -> Option<String> {
        Some(location_key(&job.location_id))
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<MediaJob>> {
        let capacity = capacity.into();
        media::claim(&self.0.pool, self.0.clock.now(), LEASE, capacity).await
    }

    async fn process(&self, job: MediaJob) -> sqlx::Result<()> {
        if job.attempt - job.failures - job.waits > MAX_CRASHED_ATTEMPTS {
            let ended = Outcome::Missing(Step::Poison.into());
            return self.record(&job, ended).await;
        }
        let outcome = self.carry(&job).await?;
        self.record(&job, outcome).await
    }

    async fn release(&self, jobs: &[MediaJob]) -> sqlx::Result<()> {
        media::release(&self.0.pool, jobs, self.0.clock.now()).await
    }
}

impl Media {
    /// Fetches the file only once a call to GHL is granted, and uploads it with that call: so it is not fetched for nothing
    /// where the location's calls are used up.
    async fn carry(&self, job: &MediaJob) -> sqlx::Result<Outcome> {
        let fetched = OnceCell::new();
        let carried = timeout(FETCH + UPLOAD, self.fetch_and_upload(job, &fetched)).await;
        let Ok(uploaded) = carried else {
            info!(location = %job.location_id, message_id = %job.message_id, "GHL takes too long over the file");
            return Ok(Outcome::Linked);
        };
        let error = match (uploaded, fetched.get()) {
            (Ok(Some(address)), _) => return Ok(Outcome::Attached(address)),
            (Ok(None), Some(Err(error))) => return Ok(not_fetched(error)),
            (Ok(None), _) => return Ok(Outcome::Refused),
            (Err(TokenError::Database(error)), _) => return Err(error),
            (Err(error), _) => error,
        };
        let outcome = not_uploaded(job, &error);
        if let (Outcome::Later(..) | Outcome::Wait(..), Some(Ok(Some(file)))) =
            (&outcome, fetched.into_inner())
        {
            self.0.fetched_files.keep(job, file);
        }
        Ok(outcome)
    }

    /// None: the file was not fetched, or is nothing that GHL accepts.
    async fn fetch_and_upload(
        &self,
        job: &MediaJob,
        fetched: &OnceCell<Fetched>,
    ) -> Result<Option<String>, TokenError> {
        let location = &job.location_id;
        let sender = Sender {
            phone: &job.phone,
            number: &job.number,
            name: job.sender_name.as_deref(),
            wrote_at: job.wrote_at,
            answers: job.contact_id.as_ref(),
            // Its message finds out, and the next try has another contact.
            gone: &[],
        };
        let contact = &contacts::find_or_make(&self.0, location, sender).await?.id;
        self.probe(location, contact).await?;
        let upload = |ghl: ghl::Client, token| async move {
            let fetched = fetched.get_or_init(|| self.fetch_once(job)).await;
            match fetched {
                Ok(Some(file)) => ghl.upload(&token, location, contact, file).await.map(Some),
                Ok(None) | Err(_) => Ok(None),
            }
        };
        self.0.tokens.call(location, upload).await
    }

    /// Fails while GHL refuses the token: a call without a file shows whether that is over, so that none is fetched in
    /// vain.
    async fn probe(&self, location: &LocationId, contact: &ContactId) -> Result<(), TokenError> {
        match self.0.tokens.check(location).await {
            Err(TokenError::NeedsReinstall(_)) => {
                match contacts::read_phones(&self.0, location, contact).await {
                    // The token was taken.
                    Err(TokenError::Call(error)) if error.advice == Advice::Reject => Ok(()),
                    read => read.map(|_| ()),
                }
            }
            checked => checked,
        }
    }

    /// The file from an earlier try, or from WhatsApp.
    async fn fetch_once(&self, job: &MediaJob) -> Fetched {
        if let Some(file) = self.0.fetched_files.take(job) {
            return Ok(Some(file));
        }
        let fetched = timeout(FETCH, self.fetch(&job.file)).await;
        fetched.unwrap_or_else(|_| Err(FetchError::Retry(NoMedia::TooSlow)))
    }

    /// Fetches and verifies a file. None if GHL would not accept it.
    async fn fetch(&self, file: &MediaFile) -> Fetched {
        let mut download = self.0.media.open(file).await?;
        let length = download.length().map(usize::try_from);
        let mut kept = match length {
            Some(Ok(length)) if length <= MAX_UPLOAD_BYTES => Some(Vec::with_capacity(length)),
            Some(_) => None,
            None => Some(Vec::new()),
        };
        while let Some(piece) = download.next().await? {
            kept = kept.filter(|bytes: &Vec<u8>| bytes.len() + piece.len() <= MAX_UPLOAD_BYTES);
            if let Some(bytes) = &mut kept {
                bytes.extend_from_slice(&piece);
            }
        }
        Ok(match kept {
            Some(bytes) => for_ghl(file, bytes).await,
            None => None,
        })
    }

    async fn record(&self, job: &MediaJob, outcome: Outcome) -> sqlx::Result<()> {
        let outcome = match outcome {
            Outcome::Linked | Outcome::Refused | Outcome::Missing(_) if job.has_spare => {
                let is_refused = matches!(outcome, Outcome::Refused);
                return self.fall_back(job, is_refused).await;
            }
            // The better form can be had, though not by GHL.
            Outcome::Linked | Outcome::Refused | Outcome::Missing(_) if job.has_refused => {
                self.fall_back(job, false).await?;
                Outcome::Linked
            }
            Outcome::Missing(reason) if self.may_have_smaller(job) => {
                Outcome::Wait(reason, PAIR_PAUSE)
            }
            outcome => outcome,
        };
        match outcome {
            Outcome::Attached(address) => self.end(job, Fate::Attached(&address)).await,
            Outcome::Linked | Outcome::Refused => {
                let name = job.file.safe_name(&job.file.file_type(&[]));
                let link = NewLink::new(&self.0, &name);
                self.end(job, Fate::Linked(link.borrowed())).await
            }
            Outcome::Missing(reason) => self.end(job, Fate::Missing(&reason)).await,
            Outcome::Wait(cause, pause) => {
                info!(location = %job.location_id, message_id = %job.message_id, %cause, "the file waits");
                let now = self.0.clock.now();
                let dues = (now + pause, now + pause + LEASE);
                media::snooze(&self.0.pool, job, &cause, dues, BUSY_WAIT, now).await
            }
            Outcome::Hold(cause, pause) => {
                info!(location = %job.location_id, message_id = %job.message_id, %cause, "the file waits");
                let due = self.0.clock.now() + pause;
                media::hold(&self.0.pool, job, &cause, due).await
            }
            Outcome::Later(cause, end) => match MEDIA.pause(job.failures, rand::random()) {
                None => Box::pin(self.record(job, *end)).await,
                Some(pause) => {
                    info!(location = %job.location_id, message_id = %job.message_id, %cause, "the file is not there yet");
                    let due = self.0.clock.now() + pause;
                    media::finish_retry(&self.0.pool, job, &cause, due).await
                }
            },
        }
    }

    /// The picture in reserve takes the place of this one, which GHL does not get. `is_refused`: because it refuses it.
    async fn fall_back(&self, job: &MediaJob, is_refused: bool) -> sqlx::Result<()> {
        let (location, message, now) = (&job.location_id, job.message_id, self.0.clock.now());
        let mut connection = self.0.pool.acquire().await?;
        let attempt = Some(job.attempt);
        if media::fall_back(&mut connection, location, message, attempt, is_refused, now).await? {
            info!(%location, message_id = %message, "the other form of the picture is used");
            self.0.signals.inbound_media.notify_one();
        }
        Ok(())
    }

    /// Whether it is a better picture whose smaller form may still arrive.
    fn may_have_smaller(&self, job: &MediaJob) -> bool {
        let now = self.0.clock.now();
        job.better_since
            .is_some_and(|since| now < since + PAIR_WAIT)
    }

    async fn end(&self, job: &MediaJob, fate: Fate<'_>) -> sqlx::Result<()> {
        let (location, message_id) = (&job.location_id, job.message_id);
        if !media::finish(&self.0.pool, job, fate, self.0.clock.now()).await? {
            return Ok(());
        }
        match fate {
            Fate::Attached(_) => info!(%location, %message_id, "the file is in GHL"),
            Fate::Linked(..) => info!(%location, %message_id, "the file is linked"),
            Fate::Missing(reason) => {
                warn!(%location, %message_id, %reason, "the file is missing");
            }
        }
        self.0.signals.inbound.notify_one();
        Ok(())
    }
}

/// A new download link.
pub(in crate::workers) struct NewLink {
    address: Url,
    hash: Vec<u8>,
    ends_at: OffsetDateTime,
}

impl NewLink {
    /// Makes a link that nobody can guess; the name at its end is for people.
    pub(in crate::workers) fn new(context: &Context, name: &str) -> Self {
        let secret = random_secret();
        let path = ["files", secret.expose_secret(), name];
        Self {
            address: endpoint(&context.public_url, &path),
            hash: hash_secret(secret.expose_secret()),
            ends_at: context.clock.now() + Duration::days(LINK_DAYS),
        }
    }

    pub(in crate::workers) fn borrowed(&self) -> Link<'_> {
        Link {
            address: self.address.as_str(),
            hash: &self.hash,
            ends_at: self.ends_at,
        }
    }
}

fn not_fetched(error: &FetchError) -> Outcome {
    let reason = error.reason().into();
    match error {
        // WhatsApp still has it, so the reader's download may succeed.
        FetchError::Retry(_) => Outcome::Later(reason, Box::new(Outcome::Linked)),
        _ => Outcome::Missing(reason),
    }
}

fn not_uploaded(job: &MediaJob, error: &TokenError) -> Outcome {
    match error {
        TokenError::Pending
        | TokenError::Failing(_)
        | TokenError::RateLimited(_)
        | TokenError::Busy
        | TokenError::MakingContact => {
            Outcome::Wait(error.reason(), error.wait().unwrap_or(BUSY_PAUSE))
        }
        // The message waits for the same.
        TokenError::NotInstalled | TokenError::NeedsReinstall(_) | TokenError::Inactive(_) => {
            Outcome::Hold(error.reason(), error.wait().unwrap_or(BUSY_PAUSE))
        }
        // Its calls are used up, as GHL counts them.
        TokenError::Call(CallError {
            advice: Advice::RetryAfter(_),
            ..
        }) => Outcome::Wait(error.reason(), error.least_pause().unwrap_or(BUSY_PAUSE)),
        TokenError::Call(call)
            if call.advice == Advice::Retry && job.failures + 1 < UPLOAD_TRIES =>
        {
            Outcome::Later(error.reason(), Box::new(Outcome::Refused))
        }
        _ => {
            info!(location = %job.location_id, message_id = %job.message_id, %error, "GHL does not take the file");
            Outcome::Refused
        }
    }
}

/// A complete file in a form that GHL accepts; none if there is no such form.
async fn for_ghl(file: &MediaFile, bytes: Vec<u8>) -> Option<NewFile> {
    let mut file_type = file.file_type(&bytes);
    let mut name = file.safe_name(&file_type);
    let mut bytes = Bytes::from(bytes);
    if file_type.extension == "webp" {
        let webp = bytes.clone();
        // Takes milliseconds. If the decoder panics, the file is not converted.
        let converted = tokio::task::spawn_blocking(move || sticker::to_png(&webp));
        bytes = converted.await.ok().flatten()?.into();
        name = format!("{}.png", name.trim_end_matches(".webp"));
        file_type = FileType {
            extension: "png".to_owned(),
            mimetype: "image/png",
        };
    }
    let fits = ghl::takes(&file_type.extension) && bytes.len() <= MAX_UPLOAD_BYTES;
    fits.then(|| NewFile {
        name,
        mimetype: file_type.mimetype,
        bytes,
    })
}
