//! WhatsApp's addresses of customers: another form of the phone's number, or a LID in receipts.
//!
//! Chats are kept by the phone that people dial. Events show a customer's address instead, and a send to either number
//! of the phone reaches it.

use serde_json::Value;

use crate::waapify::events::digits;
use crate::waapify::{Instance, Waapify};

/// How WhatsApp addresses a customer.
#[derive(Clone, Debug, Default)]
pub struct Address {
    /// Digits of the account's number, if they are not those that people dial.
    pub number: Option<String>,
    /// Digits of the LID under which receipts come, and which a question about the phone names.
    pub receipts_lid: Option<String>,
}

impl Waapify {
    /// WhatsApp addresses the customer with this phone in this way.
    pub fn set_address(&self, phone: &str, address: Address) {
        self.with(|instance| instance.addresses.insert(digits(phone), address));
    }
}

impl Instance {
    /// The phone that people dial of the account with this number.
    pub(super) fn phone_of(&self, number: &str) -> String {
        let is_its = |address: &Address| address.number.as_deref() == Some(number);
        let mut known = self.addresses.iter();
        let found = known.find(|(_, address)| is_its(address));
        found.map_or(number, |(phone, _)| phone).to_owned()
    }

    /// The LID of the account with this number.
    pub(super) fn lid_of(&self, number: &str) -> Option<&str> {
        let phone = self.phone_of(number);
        self.addresses.get(&phone)?.receipts_lid.as_deref()
    }

    /// An event with the customers' addresses in it.
    pub(super) fn addressed(&self, event: &str, data: &mut Value) {
        match data {
            Value::String(text) => {
                if let Some(jid) = self.address_in(event, text) {
                    *text = jid;
                }
            }
            Value::Array(items) => items
                .iter_mut()
                .for_each(|item| self.addressed(event, item)),
            Value::Object(fields) => fields
                .values_mut()
                .for_each(|field| self.addressed(event, field)),
            _ => {}
        }
    }

    fn address_in(&self, event: &str, text: &str) -> Option<String> {
        let (phone, server) = text.split_once('@')?;
        let address = self.addresses.get(phone)?;
        if event == "messages.update"
            && let Some(lid) = &address.receipts_lid
        {
            return Some(format!("{lid}@lid"));
        }
        Some(format!("{}@{server}", address.number.as_ref()?))
    }
}
