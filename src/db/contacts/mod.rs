//! Who is who for a location: phones, hidden addresses (LIDs), groups.

pub mod groups;
pub mod lids;
