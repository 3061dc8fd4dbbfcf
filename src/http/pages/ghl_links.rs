//! Addresses of a customer's pages in GHL, under the agency's own domain if it has one.

use url::Url;

use crate::clients::endpoint;
use crate::db::accounts::white_label_domains;
use crate::db::connection::Pool;
use crate::db::views::messages::Customer;
use crate::model::ids::LocationId;

/// GHL's app, where an agency has no domain of its own.
const GHL_APP: &str = "https://app.gohighlevel.com";

/// Where a customer is in GHL.
#[derive(Clone, Debug)]
pub(super) struct GhlLinks {
    /// The contact's page.
    pub contact: Url,
    /// The conversation, if GHL told which it is.
    pub conversation: Option<Url>,
}

/// The pages of a customer as the users of the sub-account's agency open them.
pub(super) async fn find(
    pool: &Pool,
    location: &LocationId,
    customer: &Customer,
) -> sqlx::Result<Option<GhlLinks>> {
    let domain = white_label_domains::find_domain_of(pool, location).await?;
    let base = domain.and_then(|domain| Url::parse(&format!("https://{domain}")).ok());
    let base = base.or_else(|| Url::parse(GHL_APP).ok());
    Ok(base.map(|base| {
        let page = |rest: &[&str]| {
            let path = [&["v2", "location", location.as_str()], rest].concat();
            endpoint(&base, &path)
        };
        let conversation = customer.conversation_id.as_deref();
        GhlLinks {
            contact: page(&["contacts", "detail", customer.contact_id.as_str()]),
            conversation: conversation.map(|id| page(&["conversations", "conversations", id])),
        }
    }))
}
