//! Files that pass through the service to anyone who has their link: customers' (`inbound_media`) and agents'
//! (`outbound_attachment`), both through `bounded_stream`, in `slots`.

pub(super) mod bounded_stream;
pub(super) mod inbound_media;
pub(super) mod outbound_attachment;
pub(super) mod slots;
