//! The levers of the simulated GHL that only a test, the script or the page moves: install
//! the app, add tenants, let tokens die, look at what was stored.

use crate::clock;
use crate::ghl::Ghl;
use crate::ghl::state::{Contact, DefaultProvider, Echoes, Location, Message, State, Upload};
use crate::ghl::tokens::{InstallKind, Subject, TokenBook};

impl Ghl {
    /// Somebody installs the app; the code that the browser brings to `/oauth/callback`.
    /// The locations it was installed into are installed from now on.
    #[must_use]
    pub fn issue_code(&self, kind: InstallKind) -> String {
        let mut state = self.inner.state.lock();
        let (subject, locations) = match kind {
            InstallKind::Location { location_id } => {
                let location = state.locations.get(&location_id);
                let company_id = location
                    .map(|location| location.company_id.clone())
                    .unwrap_or_default();
                let subject = Subject::Location {
                    company_id,
                    location_id: location_id.clone(),
                };
                (subject, vec![location_id])
            }
            InstallKind::Company {
                company_id,
                location_ids,
                bulk,
            } => {
                let subject = Subject::Company {
                    company_id,
                    approved: location_ids.clone(),
                    bulk,
                };
                (subject, location_ids)
            }
        };
        for id in &locations {
            if let Some(location) = state.locations.get_mut(id) {
                location.installed = true;
            }
        }
        drop(state);
        self.inner.tokens.lock().add_code(subject)
    }

    /// Forgets messages, tokens and what was installed; locations and their first contacts stay.
    pub(crate) fn forget(&self) {
        let mut state = self.inner.state.lock();
        let mut locations = std::mem::take(&mut state.locations);
        for location in locations.values_mut() {
            location.installed = false;
            location.active = true;
            location.provider = DefaultProvider::Twilio;
        }
        *state = State::seeded();
        state.locations = locations;
        drop(state);
        *self.inner.tokens.lock() = TokenBook::default();
    }

    /// Another agency.
    pub fn add_company(&self, id: &str, name: &str) {
        self.inner
            .state
            .lock()
            .companies
            .insert(id.to_owned(), name.to_owned());
    }

    /// Another sub-account: active, without the app.
    pub fn add_location(&self, company_id: &str, id: &str, name: &str) {
        let location = Location {
            company_id: company_id.to_owned(),
            name: name.to_owned(),
            installed: false,
            active: true,
            provider: DefaultProvider::Ours,
        };
        self.inner
            .state
            .lock()
            .locations
            .insert(id.to_owned(), location);
    }

    /// Another contact; its id.
    #[allow(
        clippy::must_use_candidate,
        reason = "the effect counts; not every caller wants the id"
    )]
    pub fn add_contact(&self, location_id: &str, name: &str, phone: &str) -> String {
        let id = clock::letters(20);
        self.inner.state.lock().contacts.push(Contact {
            id: id.clone(),
            location_id: location_id.to_owned(),
            name: name.to_owned(),
            phone: Some(phone.to_owned()),
            email: None,
        });
        id
    }

    /// The app is in the location, or no more. Removal kills the location's tokens.
    pub fn set_installed(&self, location_id: &str, installed: bool) {
        if let Some(location) = self.inner.state.lock().locations.get_mut(location_id) {
            location.installed = installed;
        }
        if !installed {
            self.inner.tokens.lock().forget(location_id);
        }
    }

    /// The location is paused or active again.
    pub fn set_active(&self, location_id: &str, active: bool) {
        if let Some(location) = self.inner.state.lock().locations.get_mut(location_id) {
            location.active = active;
        }
    }

    /// An agency admin chooses the location's SMS provider.
    pub fn set_default_provider(&self, location_id: &str, provider: DefaultProvider) {
        if let Some(location) = self.inner.state.lock().locations.get_mut(location_id) {
            location.provider = provider;
        }
    }

    /// Whether `/oauth/locationToken` gives a refresh token.
    pub fn set_location_tokens_refresh(&self, given: bool) {
        self.inner.state.lock().location_tokens_refresh = given;
    }

    /// Whether an outbound message that the app posts is delivered to the app, as if an agent had written it.
    pub fn set_echoes_outbound(&self, echoes: Echoes) {
        self.inner.state.lock().echoes = echoes;
    }

    /// Whether the app is subscribed to `InboundMessage` and `OutboundMessage`: GHL then posts an event of each message
    /// it is given to store.
    pub fn set_posts_stored_messages(&self, posted: bool) {
        self.inner.state.lock().posts_stored_messages = posted;
    }

    /// How many calls a location has in one window; `None` for the platform's 100.
    pub fn set_burst_limit(&self, calls: Option<usize>) {
        self.inner.limiter.lock().burst = calls;
    }

    /// Every access token given so far is dead, long before its time.
    pub fn expire_access_tokens(&self) {
        self.inner.tokens.lock().expire_access();
    }

    /// Every refresh token given so far is invalid.
    pub fn revoke_refresh_tokens(&self) {
        self.inner.tokens.lock().revoke_refresh();
    }

    /// Everything in all conversations, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.inner.state.lock().messages.clone()
    }

    /// One message.
    #[must_use]
    pub fn message(&self, id: &str) -> Option<Message> {
        self.inner.state.lock().message_mut(id).cloned()
    }

    /// What is in the conversation with a contact, oldest first.
    #[must_use]
    pub fn messages_with(&self, contact_id: &str) -> Vec<Message> {
        let state = self.inner.state.lock();
        state
            .messages
            .iter()
            .filter(|message| message.contact_id == contact_id)
            .cloned()
            .collect()
    }

    /// The contacts of a location, oldest first.
    #[must_use]
    pub fn contacts(&self, location_id: &str) -> Vec<Contact> {
        let state = self.inner.state.lock();
        let own = state
            .contacts
            .iter()
            .filter(|contact| contact.location_id == location_id);
        own.cloned().collect()
    }

    /// The files uploaded last.
    #[must_use]
    pub fn uploads(&self) -> Vec<Upload> {
        self.inner.state.lock().uploads.clone()
    }
}
