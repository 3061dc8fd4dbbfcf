//! Who is who in a location: which phone, GHL contact and WhatsApp addresses belong together, since when, and how that was
//! learnt; and its groups.

pub mod addresses;
pub mod groups;
pub mod last_numbers;
pub mod lids;
pub mod names;
pub mod phone_checks;
pub mod phones;
pub mod tags;
