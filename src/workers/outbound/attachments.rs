//! Asks servers what the files of a message are, before its first part is sent.
//!
//! Decides what a server's silence or refusal means for the message. It must not delay the message's number while it
//! asks; the message goes back into the queue afterwards.

use std::time::Duration as StdDuration;

use tokio::task::JoinSet;
use tracing::info;
use url::Url;

use crate::clients::attachment_source::{MAX_FILE_BYTES, SourceError};
use crate::db::outbound;
use crate::db::outbound::OutboundJob;
use crate::db::outbound::outcomes::Outcome;
use crate::model::reason::{Failure, Reason, Step};
use crate::model::retry_schedule::FILE_UNREACHABLE;
use crate::model::states::FailureKind;
use crate::workers::outbound::plan::attachments::File;
use crate::workers::outbound::{Outbound, retries};

/// Longest time for all files of a message: within its lease, with time to record the result.
const LOOK_LIMIT: StdDuration = StdDuration::from_mins(1);
/// Files that are asked about at once: with ten seconds for each, some twenty silent ones fit into the limit.
const AT_ONCE: usize = 4;
/// The kind of failure that counts here.
const KIND: FailureKind = FailureKind::FileUnreachable;

impl Outbound {
    /// Asks what the files at `addresses` are, and puts the message back with the answers.
    pub(super) async fn look_at_files(
        &self,
        job: &OutboundJob,
        addresses: &[Url],
    ) -> sqlx::Result<()> {
        // Other messages may use the number meanwhile.
        self.refund_pacing_slot(job).await?;
        let tries = retries::failures(job, KIND);
        let is_last = FILE_UNREACHABLE.pause(tries, 0.0).is_none();
        let mut files = vec![None; addresses.len()];
        let looking = self.ask_about(addresses, &mut files, is_last);
        match tokio::time::timeout(LOOK_LIMIT, looking).await {
            Ok(Ok(())) => {}
            Ok(Err((url, error))) => return self.end_look(job, &url, error).await,
            Err(_) if is_last => {}
            Err(_) => {
                return self.look_later(job, &Step::FilesTooSlow.into()).await;
            }
        }
        // On the last try, a file without an answer is judged by its address.
        let files = files.into_iter().zip(addresses);
        let files: Vec<_> = files
            .map(|(file, url)| file.unwrap_or_else(|| File::by_address(url)))
            .collect();
        let files =
            serde_json::to_string(&files).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        outbound::record_files(&self.0.pool, job, &files, self.0.clock.now()).await
    }

    /// Fills in the files from their servers' answers. The error: a file that ends the try, and why. On the last try, a
    /// file without an answer stays unknown.
    async fn ask_about(
        &self,
        addresses: &[Url],
        files: &mut [Option<File>],
        is_last: bool,
    ) -> Result<(), (Url, SourceError)> {
        for (files, addresses) in files.chunks_mut(AT_ONCE).zip(addresses.chunks(AT_ONCE)) {
            let mut asking = JoinSet::new();
            for (at, url) in addresses.iter().enumerate() {
                let (origin, url) = (self.0.origin.clone(), url.clone());
                asking.spawn(async move { (at, origin.ask(&url).await) });
            }
            while let Some(asked) = asking.join_next().await {
                match asked {
                    Ok((at, Ok(answer))) => {
                        files[at] = Some(File::recognise(&addresses[at], &answer));
                    }
                    Ok((_, Err(SourceError::Unreachable(_)))) if is_last => {}
                    Ok((at, Err(error))) => return Err((addresses[at].clone(), error)),
                    // The task panicked, and would do so the next time.
                    Err(_) => {}
                }
            }
        }
        Ok(())
    }

    async fn end_look(&self, job: &OutboundJob, url: &Url, error: SourceError) -> sqlx::Result<()> {
        let file = File::by_address(url).name;
        let failure = match error {
            SourceError::Unreachable(cause) => {
                return self.look_later(job, &cause).await;
            }
            SourceError::Gone(_) => Failure::FileGone { file },
            SourceError::TooLarge(_) => Failure::FileTooLarge {
                file,
                megabytes: MAX_FILE_BYTES / 1024 / 1024,
            },
            SourceError::NotPublic(_) => Failure::FileNotPublic { file },
        };
        self.fail(job, failure.into()).await
    }

    async fn look_later(&self, job: &OutboundJob, cause: &Reason) -> sqlx::Result<()> {
        info!(location = %job.location_id, message_id = %job.id, %cause, "a file could not be looked at");
        // The last try never gets here: it uses the address.
        let pause = FILE_UNREACHABLE
            .pause(retries::failures(job, KIND), rand::random())
            .unwrap_or_default();
        let due = self.0.clock.now() + pause;
        self.finish(job, Outcome::Retry(due, KIND), cause).await
    }
}
