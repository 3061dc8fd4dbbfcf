//! How the numbers of a location are doing, and the button that lets one go on after WhatsApp refused several messages.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tracing::info;

use crate::db::history::incidents;
use crate::db::numbers::protection::Of;
use crate::db::numbers::restrictions;
use crate::db::views::number_cards;
use crate::db::views::operator::NumberRow;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::audited::Audited;
use crate::http::pages::number_cards as cards;
use crate::http::pages::operator::{Operator, components, foreign_form, not_found};
use crate::model::ids::LocationId;
use crate::model::language::Language;

#[derive(Deserialize)]
pub(super) struct Entered {
    #[serde(default)]
    csrf: String,
}

/// A card for each connected number.
pub(super) async fn panel(
    state: &HttpState,
    operator: &Operator,
    language: Language,
    location: &LocationId,
    numbers: &[NumberRow],
) -> Result<Markup, PageError> {
    let (is_on, now) = (state.protects_numbers, state.clock.now());
    let mut found = Vec::new();
    for row in numbers.iter().filter(|row| row.is_connected) {
        let number = row.number.as_str();
        if let Some(card) = number_cards::find(&state.pool, Of { location, number }, now).await? {
            found.push((number, card));
        }
    }
    Ok(html! {
        @for (at, (number, card)) in found.iter().enumerate() {
            section.panel {
                h2 { "+" (number) }
                (cards::card(language, (&format!("card-{at}"), card), &operator.zone, is_on, now))
                @if card.protection.stopped_at.is_some() {
                    form.actions method="post" action={ (components::address(location)) "/numbers/" (number) "/go-on" } {
                        input type="hidden" name="csrf" value=(operator.csrf());
                        button type="submit" { (language.pick("Go on", "Teruskan")) }
                    }
                }
            }
        }
    })
}

/// Lets everything leave again that no person wrote.
pub(super) async fn go_on(
    State(state): State<HttpState>,
    operator: Operator,
    headers: HeaderMap,
    Path((location, number)): Path<(String, String)>,
    entered: Result<Form<Entered>, FormRejection>,
) -> Result<Response, PageError> {
    let Ok(Form(entered)) = entered else {
        return Err(foreign_form());
    };
    operator.check_form(&state, &headers, &entered.csrf)?;
    let location = LocationId(location.replace('\0', ""));
    let number = number.replace('\0', "");
    let (pool, now) = (&state.pool, state.clock.now());
    let of = Of {
        location: &location,
        number: &number,
    };
    if number_cards::find(pool, of, now).await?.is_none() {
        return Err(not_found());
    }
    if restrictions::go_on(pool, of, now).await? {
        info!(%location, "a number goes on, by the operator");
        incidents::check_soon(pool, &location, now).await?;
        state.signals.monitor.notify_one();
        state.signals.outbound.notify_one();
    }
    let address = components::address(&location);
    let audited = Audited {
        location: Some(location),
        ..Audited::default()
    };
    Ok((audited, Redirect::to(&address)).into_response())
}
