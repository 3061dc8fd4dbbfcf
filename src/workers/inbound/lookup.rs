//! Looks into GHL for a message whose post had no answer, by the id that WhatsApp gave it.

use time::Duration;

use crate::accounts::tokens::TokenError;
use crate::clients::ghl;
use crate::clients::ghl::{Advice, LastMessage, MessagePage};
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

/// From the start of a post until GHL's search shows it: a post is cut off after 30 s.
const SEARCHABLE: Duration = Duration::seconds(30).saturating_add(INDEX_LAG);

/// What GHL says about the message.
pub(super) enum Looked {
    /// GHL has it, under this id.
    Found(GhlMessageId),
    /// GHL has it, or not, or it is not proven: from the last message of the conversation, where GHL names no ids.
    Compared(End),
    /// GHL does not have it.
    NotThere,
    /// Only GHL's search can tell, and not before this time has passed.
    Early(Duration),
}

/// Looks for the message of `job` in the conversation with its contact, whatever stands behind it.
pub(super) async fn look(
    context: &Context,
    job: &InboundJob,
    contact: &Contact,
) -> Result<Looked, TokenError> {
    let (conversation, last) = match &contact.conversation {
        Some(known) => (Some(known.clone()), None),
        None => match search(context, job, contact).await? {
            Some(found) => (found.id, found.last),
            None => return Ok(Looked::NotThere),
        },
    };
    let listed = match &conversation {
        Some(conversation) => find_listed(context, job, conversation).await?,
        None => Listed::Silent,
    };
    match (listed, last) {
        (Listed::Found(id), _) => Ok(Looked::Found(id)),
        (Listed::NotThere, _) => Ok(Looked::NotThere),
        (Listed::Silent, Some(last)) => compare(context, job, &last).await,
        (Listed::Silent, None) => look_anew(context, job, contact).await,
    }
}

/// The list of the remembered conversation tells nothing, or cannot be read: it may be deleted, and the contact has another
/// now. GHL's search knows, once it has what was posted.
async fn look_anew(
    context: &Context,
    job: &InboundJob,
    contact: &Contact,
) -> Result<Looked, TokenError> {
    let now = context.clock.now();
    let searchable_at = job.post_started_at.map_or(now, |at| at + SEARCHABLE);
    if now < searchable_at {
        return Ok(Looked::Early(searchable_at - now));
    }
    let Some(found) = search(context, job, contact).await? else {
        return Ok(Looked::NotThere);
    };
    let is_other = |id: &&String| contact.conversation.as_ref() != Some(*id);
    if let Some(other) = found.id.as_ref().filter(is_other) {
        match find_listed(context, job, other).await? {
            Listed::Found(id) => return Ok(Looked::Found(id)),
            Listed::NotThere => return Ok(Looked::NotThere),
            Listed::Silent => {}
        }
    }
    match found.last {
        Some(last) => compare(context, job, &last).await,
        None => Ok(Looked::NotThere),
    }
}

async fn compare(
    context: &Context,
    job: &InboundJob,
    last: &LastMessage,
) -> Result<Looked, TokenError> {
    let before = posts::find_predecessor(&context.pool, job).await?;
    let end = reconciliation::match_last_message(last, job, before.as_ref());
    Ok(Looked::Compared(end))
}

async fn search(
    context: &Context,
    job: &InboundJob,
    contact: &Contact,
) -> Result<Option<ghl::FoundConversation>, TokenError> {
    let (location, contact) = (&job.location_id, &contact.id);
    let find = |ghl: ghl::Client, token| async move {
        ghl.find_conversation(&token, location, contact).await
    };
    context.tokens.call(location, find).await
}

/// What the list of a conversation's messages says.
enum Listed {
    Found(GhlMessageId),
    NotThere,
    /// GHL does not show the list, or no ids of ours in it.
    Silent,
}

async fn find_listed(
    context: &Context,
    job: &InboundJob,
    conversation: &str,
) -> Result<Listed, TokenError> {
    let (mut before, mut names_ids) = (None, false);
    for _ in 0..MAX_PAGES {
        let page = match list(context, job, conversation, before.as_deref()).await {
            // The app may lack the scope where it was installed long ago, or the conversation is deleted.
            Err(TokenError::Call(error)) if error.advice == Advice::Reject => {
                return Ok(Listed::Silent);
            }
            page => page?,
        };
        let is_ours = |message: &&ghl::ListedMessage| {
            message.alt_id.as_deref() == Some(job.wa_message_id.as_str())
        };
        if let Some(found) = page.messages.iter().find(is_ours) {
            return Ok(Listed::Found(found.id.clone()));
        }
        names_ids |= page.messages.is_empty() || page.messages.iter().any(|m| m.alt_id.is_some());
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok(if names_ids {
        Listed::NotThere
    } else {
        Listed::Silent
    })
}

async fn list(
    context: &Context,
    job: &InboundJob,
    conversation: &str,
    before: Option<&str>,
) -> Result<MessagePage, TokenError> {
    let list = |ghl: ghl::Client, token| async move {
        ghl.list_messages(&token, conversation, before).await
    };
    context.tokens.call(&job.location_id, list).await
}
