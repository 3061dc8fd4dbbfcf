//! Looks into GHL for a message whose post had no answer, by the id that WhatsApp gave it (`altId`): in the list of its
//! conversation, else in the export of its contact's messages, else at the end of the conversation that GHL's search finds.

use time::Duration;

use crate::accounts::tokens::TokenError;
use crate::clients::ghl;
use crate::clients::ghl::{Advice, CallError, LastMessage, MessagePage};
use crate::db::inbound::InboundJob;
use crate::db::inbound::posts;
use crate::model::ids::GhlMessageId;
use crate::workers::Context;
use crate::workers::inbound::INDEX_LAG;
use crate::workers::inbound::contacts::Contact;
use crate::workers::inbound::reconciliation;
use crate::workers::inbound::reconciliation::End;

/// Pages of a hundred messages: more than a busy conversation gets while an answer is lost and GHL is down for a day.
const MAX_PAGES: usize = 10;

/// From the start of a post until GHL's search shows it: a post is cut off after 30 s. The export is thought to lag as
/// long at most.
const SEARCHABLE: Duration = Duration::seconds(30).saturating_add(INDEX_LAG);

/// What GHL says about the message.
pub(super) enum Looked {
    /// GHL has it, under this id.
    Found(GhlMessageId),
    /// GHL has it, or not, or it is not proven: from the last message of the conversation, where GHL names no ids.
    Compared(End),
    /// GHL does not have it.
    NotThere,
    /// Only what GHL shows later can tell, and not before this time has passed.
    Early(Duration),
    /// GHL refuses to say.
    Refused,
}

/// Looks for the message of `job` in the conversation with its contact, whatever stands behind it.
pub(super) async fn look(
    context: &Context,
    job: &InboundJob,
    contact: &Contact,
) -> Result<Looked, TokenError> {
    let known = posts::find_known(&context.pool, job, &contact.id).await?;
    let look = Look {
        context,
        job,
        contact,
        known,
    };
    let (searched, listed) = look.at_conversation().await?;
    if let Some(decided) = listed.decided() {
        return Ok(decided);
    }
    let exported = match look.find_in(List::Exported).await? {
        Listed::Found(id) => return Ok(Looked::Found(id)),
        // The contact has a conversation, and so a message, which neither shows.
        Listed::Empty if listed == Listed::Empty => Listed::Refused,
        Listed::Empty => Listed::NotThere,
        exported => exported,
    };
    let listed = match listed {
        Listed::Empty => Listed::Refused,
        listed => listed,
    };
    if let Some(pause) = look.until_searchable() {
        return Ok(Looked::Early(pause));
    }
    if let Listed::NotThere = exported {
        return Ok(Looked::NotThere);
    }
    let searched = match searched {
        Some(searched) => searched,
        None => look.search().await?,
    };
    let is_refused = [&listed, &exported].contains(&&Listed::Refused);
    look.at_end(searched, is_refused).await
}

/// What is looked for, and where.
struct Look<'a> {
    context: &'a Context,
    job: &'a InboundJob,
    contact: &'a Contact,
    /// A message of the contact that GHL has.
    known: Option<GhlMessageId>,
}

/// What GHL's search says of the contact's conversation.
enum Searched {
    Found(ghl::FoundConversation),
    /// There is none.
    Nothing,
    Refused,
}

/// What a list of messages says.
#[derive(PartialEq, Eq)]
enum Listed {
    Found(GhlMessageId),
    NotThere,
    /// It names no ids of ours, or the app may not read it.
    Silent,
    /// It has no message at all.
    Empty,
    /// GHL does not show it now.
    Refused,
}

impl Listed {
    fn decided(&self) -> Option<Looked> {
        match self {
            Self::Found(id) => Some(Looked::Found(id.clone())),
            Self::NotThere => Some(Looked::NotThere),
            Self::Silent | Self::Empty | Self::Refused => None,
        }
    }
}

/// A list of messages.
#[derive(Clone, Copy)]
enum List<'a> {
    /// Of the contact's conversation.
    Of(&'a str),
    /// Of another one, which the contact has in place of the one that we know.
    Other(&'a str),
    /// Of the contact.
    Exported,
}

impl Look<'_> {
    /// The list of the conversation, which is searched first if it is not known.
    async fn at_conversation(&self) -> Result<(Option<Searched>, Listed), TokenError> {
        if let Some(known) = &self.contact.conversation {
            return Ok((None, self.find_in(List::Of(known)).await?));
        }
        let searched = self.search().await?;
        let listed = match &searched {
            Searched::Found(ghl::FoundConversation { id: Some(id), .. }) => {
                self.find_in(List::Of(id)).await?
            }
            Searched::Refused => Listed::Refused,
            Searched::Found(_) | Searched::Nothing => Listed::Silent,
        };
        Ok((Some(searched), listed))
    }

    /// How long the search and the export may still lack the message. Where the conversation is not known the message has
    /// rested long enough before, unless it was posted to another contact, which was merged with this one.
    fn until_searchable(&self) -> Option<Duration> {
        let is_same = self.job.contact_id.as_ref() == Some(&self.contact.id);
        if self.contact.conversation.is_none() && is_same {
            return None;
        }
        let since = self.context.clock.now() - self.job.post_started_at?;
        Some(SEARCHABLE - since).filter(|left| left.is_positive())
    }

    /// Where no list tells: the remembered conversation may be deleted, and the contact has another now; and the last message
    /// may be ours. While GHL refuses a list only what is found counts.
    async fn at_end(&self, searched: Searched, is_refused: bool) -> Result<Looked, TokenError> {
        let found = match searched {
            Searched::Found(found) => found,
            Searched::Nothing if !is_refused => return Ok(Looked::NotThere),
            Searched::Nothing | Searched::Refused => return Ok(Looked::Refused),
        };
        let known = self.contact.conversation.as_ref();
        if let Some(other) = found
            .id
            .as_ref()
            .filter(|id| known.is_some_and(|k| k != *id))
            && let Some(decided) = self.find_in(List::Other(other)).await?.decided()
        {
            return Ok(decided);
        }
        let compared = match found.last {
            Some(last) => self.compare(&last).await?,
            None => Looked::NotThere,
        };
        Ok(match compared {
            Looked::Compared(End::Ours) => compared,
            _ if is_refused => Looked::Refused,
            _ => compared,
        })
    }

    async fn compare(&self, last: &LastMessage) -> Result<Looked, TokenError> {
        let before = posts::find_predecessor(&self.context.pool, self.job).await?;
        let end = reconciliation::match_last_message(last, self.job, before.as_ref());
        Ok(Looked::Compared(end))
    }

    async fn search(&self) -> Result<Searched, TokenError> {
        let (location, contact) = (&self.job.location_id, &self.contact.id);
        let find = |ghl: ghl::Client, token| async move {
            ghl.find_conversation(&token, location, contact).await
        };
        match self.context.tokens.call(location, find).await {
            Err(TokenError::Call(error))
                if is_refusal(&error)
                    && (error.advice == Advice::Reject || error.has_timed_out()) =>
            {
                Ok(Searched::Refused)
            }
            found => Ok(found?.map_or(Searched::Nothing, Searched::Found)),
        }
    }

    async fn find_in(&self, list: List<'_>) -> Result<Listed, TokenError> {
        let (mut cursor, mut names_ids, mut is_empty) = (None, false, true);
        let mut lacks = !matches!(list, List::Other(_)) && self.known.is_some();
        for _ in 0..MAX_PAGES {
            let page = match self.read(list, cursor.as_deref()).await {
                Err(TokenError::Call(error)) if is_refusal(&error) => return Ok(refused(&error)),
                page => page?,
            };
            let is_ours = |message: &&ghl::ListedMessage| {
                message.alt_id.as_deref() == Some(self.job.wa_message_id.as_str())
            };
            if let Some(found) = page.messages.iter().find(is_ours) {
                return Ok(Listed::Found(found.id.clone()));
            }
            lacks &= !page
                .messages
                .iter()
                .any(|m| Some(&m.id) == self.known.as_ref());
            is_empty &= page.messages.is_empty();
            names_ids |= page.messages.iter().any(|m| m.alt_id.is_some());
            // A cursor that repeats itself is the end.
            if page.next.is_none() || page.next == cursor {
                break;
            }
            cursor = page.next;
        }
        Ok(if lacks {
            Listed::Refused
        } else if is_empty {
            Listed::Empty
        } else if names_ids {
            Listed::NotThere
        } else {
            Listed::Silent
        })
    }

    async fn read(&self, list: List<'_>, cursor: Option<&str>) -> Result<MessagePage, TokenError> {
        let (location, contact) = (&self.job.location_id, &self.contact.id);
        let read = |ghl: ghl::Client, token| async move {
            match list {
                List::Of(conversation) | List::Other(conversation) => {
                    ghl.list_messages(&token, conversation, cursor).await
                }
                List::Exported => ghl.export_messages(&token, location, contact, cursor).await,
            }
        };
        self.context.tokens.call(location, read).await
    }
}

/// Whether another route may answer in place of this one. A contact that is gone has to be looked up again.
fn is_refusal(error: &CallError) -> bool {
    matches!(error.advice, Advice::Reject | Advice::Retry) && !error.says_contact_is_gone()
}

/// The app may lack the scope where it was installed long ago, and then waiting changes nothing.
fn refused(error: &CallError) -> Listed {
    if error.lacks_scope() {
        Listed::Silent
    } else {
        Listed::Refused
    }
}
