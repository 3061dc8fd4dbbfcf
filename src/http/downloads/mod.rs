//! Files that pass through the service to anyone who has their link.

pub(super) mod bounded_stream;
pub(super) mod inbound_media;
pub(super) mod outbound_attachment;
