//! What goes into the addresses of the gateway's pages: the page for a chat, the id of an instance; pure.

use crate::clients::waapify::SendFailure;

/// The page for groups.
const GROUP_PAGE: &str = "sendgroupmsg.php";

/// The failure if an answer with this status says that the gateway has no page for groups. Then nothing is wrong with the
/// sends that do not need it.
pub(super) fn missing_page(page: &str, status: u16) -> Option<SendFailure> {
    let is_missing = page == GROUP_PAGE && matches!(status, 404 | 405);
    is_missing.then(|| SendFailure::Rejected(format!("no {page} ({status})")))
}

/// The page for a chat, and the name of its recipient. Only the page for groups takes whole addresses.
pub(super) fn route_to(chat: &str) -> (&'static str, &'static str) {
    if chat.contains('@') {
        (GROUP_PAGE, "group_id")
    } else {
        ("send.php", "number")
    }
}

/// Letters, digits, dashes, because ids go into addresses and the database. Waapify's have 13 characters.
pub(super) fn is_instance_id(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(known)
}
