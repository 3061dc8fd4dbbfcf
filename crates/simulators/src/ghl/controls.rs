//! Controls of the simulated GHL for tests, the script and the page: install the app, add agencies and locations,
//! invalidate tokens, read what was stored.

use crate::clock;
use crate::ghl::Ghl;
use crate::ghl::state::{
    Contact, Conversation, DefaultProvider, Echoes, Location, Message, State, Upload,
};
use crate::ghl::tokens::{InstallKind, Subject, TokenBook};

impl Ghl {
    /// Somebody installs the app. Returns the code that the browser brings to `/oauth/callback`. The app is installed
    /// in the chosen locations at once.
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

    /// Removes messages, tokens and installs. Locations and their first contacts are kept.
    pub(crate) fn forget(&self) {
        let mut state = self.inner.state.lock();
        let mut locations = std::mem::take(&mut state.locations);
        for location in locations.values_mut() {
            location.installed = false;
            location.active = true;
            location.provider = DefaultProvider::Twilio;
        }
        let posts_dnd_updates = state.posts_dnd_updates;
        *state = State::seeded();
        state.posts_dnd_updates = posts_dnd_updates;
        state.locations = locations;
        drop(state);
        *self.inner.tokens.lock() = TokenBook::default();
    }

    /// Adds an agency.
    pub fn add_company(&self, id: &str, name: &str) {
        self.inner
            .state
            .lock()
            .companies
            .insert(id.to_owned(), name.to_owned());
    }

    /// Adds an active sub-account without the app.
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

    /// Adds a contact and returns its id.
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
            dnd: serde_json::Map::new(),
            tags: Vec::new(),
        });
        id
    }

    /// Somebody edits a contact's phone in GHL.
    pub fn set_phone(&self, contact_id: &str, phone: &str) {
        let mut state = self.inner.state.lock();
        let mut contacts = state.contacts.iter_mut();
        if let Some(contact) = contacts.find(|contact| contact.id == contact_id) {
            contact.phone = Some(phone.to_owned());
        }
    }

    /// Somebody sets a contact's tags in GHL.
    pub fn set_tags(&self, contact_id: &str, tags: &[&str]) {
        let mut state = self.inner.state.lock();
        let mut contacts = state.contacts.iter_mut();
        if let Some(contact) = contacts.find(|contact| contact.id == contact_id) {
            contact.tags = tags.iter().map(|tag| tag.to_lowercase()).collect();
        }
    }

    /// Merges a contact with another, which gets its messages; GHL does not know it any more.
    pub fn merge(&self, contact_id: &str, into: &str) {
        let mut state = self.inner.state.lock();
        let Some(location) = state.contact(into).map(|kept| kept.location_id.clone()) else {
            return;
        };
        let conversation = state.conversation_of(&location, into);
        state.contacts.retain(|contact| contact.id != contact_id);
        let mut moved = std::mem::take(&mut state.messages);
        for message in moved
            .iter_mut()
            .filter(|message| message.contact_id == contact_id)
        {
            into.clone_into(&mut message.contact_id);
            conversation.clone_into(&mut message.conversation_id);
        }
        state.messages = moved;
        let kept = |found: &Conversation| found.contact_id != contact_id;
        state.conversations.retain(kept);
    }

    /// Installs the app in a location or removes it. Removal invalidates the location's tokens.
    pub fn set_installed(&self, location_id: &str, installed: bool) {
        if let Some(location) = self.inner.state.lock().locations.get_mut(location_id) {
            location.installed = installed;
        }
        if !installed {
            self.inner.tokens.lock().forget(location_id);
        }
    }

    /// Transfers a location to another agency: its authorisations are deleted, and the app is not installed there.
    pub fn move_location(&self, location_id: &str, company_id: &str) {
        if let Some(location) = self.inner.state.lock().locations.get_mut(location_id) {
            company_id.clone_into(&mut location.company_id);
        }
        self.set_installed(location_id, false);
    }

    /// Pauses a location, or makes it active again.
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

    /// Sets whether `/oauth/locationToken` returns a refresh token.
    pub fn set_location_tokens_refresh(&self, given: bool) {
        self.inner.state.lock().location_tokens_refresh = given;
    }

    /// Sets whether an outbound message that the app posts is also delivered to the app, as if an agent had written
    /// it.
    pub fn set_echoes_outbound(&self, echoes: Echoes) {
        self.inner.state.lock().echoes = echoes;
    }

    /// Sets whether the app is subscribed to `InboundMessage` and `OutboundMessage`. Then GHL posts an event for each
    /// message that is stored.
    pub fn set_posts_stored_messages(&self, posted: bool) {
        self.inner.state.lock().posts_stored_messages = posted;
    }

    /// Whether lists of messages leave out the ids that providers gave, as GHL's description does.
    pub fn set_hides_alt_ids(&self, hidden: bool) {
        self.inner.state.lock().hides_alt_ids = hidden;
    }

    /// Sets how many calls a location has in one window; `None` for the platform's 100.
    pub fn set_burst_limit(&self, calls: Option<usize>) {
        self.inner.limiter.lock().burst = calls;
    }

    /// Expires every access token that exists, before its time.
    pub fn expire_access_tokens(&self) {
        self.inner.tokens.lock().expire_access();
    }

    /// Invalidates every refresh token that exists.
    pub fn revoke_refresh_tokens(&self) {
        self.inner.tokens.lock().revoke_refresh();
    }

    /// The messages of all conversations, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.inner.state.lock().messages.clone()
    }

    /// A message by its id.
    #[must_use]
    pub fn message(&self, id: &str) -> Option<Message> {
        self.inner.state.lock().message_mut(id).cloned()
    }

    /// The messages of the conversation with a contact, oldest first.
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

    /// The phone of a contact, as it was typed.
    pub(crate) fn phone_of(&self, contact_id: &str) -> Option<String> {
        self.inner.state.lock().contact(contact_id)?.phone.clone()
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

    /// The last uploaded files, 100 at most.
    #[must_use]
    pub fn uploads(&self) -> Vec<Upload> {
        self.inner.state.lock().uploads.clone()
    }
}
