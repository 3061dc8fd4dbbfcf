//! The limits of bodies on each route of webhooks.

use crate::http::webhooks::body::BodyBudget;

const KB: usize = 1024;
const MB: usize = 1024 * KB;
/// A delivery is a text of a few kB with addresses of files, or an e-mail's HTML. A larger body is not a message.
const MAX_DELIVERY: usize = 2 * MB;
/// A first login posts the whole address book, several MB (`docs/vendors/waapify.md#webhooks`).
const MAX_GATEWAY_EVENT: usize = 16 * MB;
/// An event about the app has some hundred bytes; one about a message holds that message's text.
const MAX_APP_EVENT: usize = 256 * KB;
/// GHL's install form: three fields, and the ids of an agency's locations.
const MAX_INSTALL_FORM: usize = 64 * KB;

/// The budget for bodies on each route: what small and what large ones may take together. A usual body has a kilobyte, so
/// that thousands fit; of the largest, four address books and as many e-mails as come at once.
#[derive(Clone, Debug)]
pub struct BodyBudgets {
    pub(super) delivery: BodyBudget,
    pub(super) app: BodyBudget,
    pub(super) gateway: BodyBudget,
    pub(super) external_auth: BodyBudget,
    /// Of deliveries and app events at plain addresses, where strangers come, too.
    pub(super) plain: BodyBudget,
}

impl Default for BodyBudgets {
    fn default() -> Self {
        Self {
            delivery: BodyBudget::new(MAX_DELIVERY, 16 * MB, 32 * MB),
            app: BodyBudget::new(MAX_APP_EVENT, 8 * MB, 8 * MB),
            gateway: BodyBudget::new(MAX_GATEWAY_EVENT, 16 * MB, 4 * MAX_GATEWAY_EVENT),
            external_auth: BodyBudget::new(MAX_INSTALL_FORM, MB, MAX_INSTALL_FORM),
            plain: BodyBudget::new(MAX_DELIVERY, 8 * MB, 16 * MB),
        }
    }
}
