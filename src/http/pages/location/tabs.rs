//! What every page of a session stands in: the frame with its tabs.

use maud::{Markup, html};

use crate::http::pages::layout;
use crate::http::pages::layout::{Frame, components};
use crate::http::pages::location::location_user::LocationUser;
use crate::model::language::Language;
use crate::model::zone::Zone;

/// The tabs of a session's pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Messages,
    Checks,
    OptOut,
    Alerts,
}

/// A page of a session, with its tabs.
pub(super) fn framed(
    language: Language,
    visitor: &LocationUser,
    tab: Option<Tab>,
    title: &str,
    body: &Markup,
) -> Markup {
    framed_as(language, visitor, tab, title, Frame::default(), body)
}

/// As [`framed`], with frame options.
pub(super) fn framed_as(
    language: Language,
    visitor: &LocationUser,
    tab: Option<Tab>,
    title: &str,
    frame: Frame<'_>,
    body: &Markup,
) -> Markup {
    let mut tabs = vec![
        (Tab::Overview, "", language.pick("Overview", "Ringkasan")),
        (
            Tab::Messages,
            "/messages",
            language.pick("Messages", "Mesej"),
        ),
        (Tab::Checks, "/checks", language.pick("Checks", "Semakan")),
        (
            Tab::OptOut,
            "/opt-out",
            language.pick("Opt-outs", "Berhenti"),
        ),
    ];
    if visitor.is_of_agency() {
        tabs.push((Tab::Alerts, "/alerts", language.pick("Alerts", "Makluman")));
    }
    let id = visitor.location.as_str();
    let frame = Frame {
        is_wide: true,
        whose: Some(visitor.names.location.as_deref().unwrap_or(id)),
        id: visitor.names.location.as_ref().map(|_| id),
        zone: Some(&visitor.names.zone),
        // As GHL shows them, and as the checks tell them in their sentences.
        is_zone_fixed: visitor.names.zone != Zone::utc(),
        ..frame
    };
    layout::framed(
        language,
        title,
        frame,
        &html! {
            (components::tabs(language, tabs.into_iter().map(|(at, rest, name)| (visitor.address(rest), name, tab == Some(at)))))
            @if !visitor.may_change() {
                p.note { (language.pick(
                    "You can look at everything here. An admin of this sub-account or of its agency can change it.",
                    "Anda boleh melihat semuanya di sini. Admin sub-akaun ini atau agensinya boleh mengubahnya.",
                )) }
            }
            (body)
        },
    )
}
