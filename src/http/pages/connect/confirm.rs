//! "Is this your number?": the number that Waapify names is connected only when a person has seen it. Whoever saw the code
//! could have scanned it.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tracing::info;

use crate::accounts::connect;
use crate::accounts::connect::{ConnectError, Entered, Field};
use crate::clients::waapify::{CheckError, Credentials};
use crate::db::accounts::{connect_links, linking};
use crate::http::pages::connect::holder::Other;
use crate::http::pages::connect::keys::status_of;
use crate::http::pages::connect::pending::pending;
use crate::http::pages::connect::recorded::record;
use crate::http::pages::connect::{
    HttpState, KEYS, Language, Opened, PageError, find_any, find_unused, holder, link_gone, views,
};
use crate::http::pages::layout;
use crate::http::pages::layout::Frame;
use crate::model::audit::Action;
use crate::model::written_phone::grouped;

/// The number that the person saw, or entered where Waapify names none.
#[derive(Default, Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    number: String,
    /// The page said that another sub-account would lose the number.
    takes: Option<String>,
}

/// What the page asks about.
#[derive(Default)]
pub(super) struct Asked<'a> {
    /// The number that is linked, digits; none: Waapify does not name it.
    pub number: Option<&'a str>,
    /// What was entered where it does not.
    pub typed: &'a str,
    /// Why it was not connected.
    pub fault: Option<&'a ConnectError>,
}

/// Connects the number, which uses up the link.
pub(super) async fn confirm(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    sent: Result<Form<Confirmed>, FormRejection>,
) -> Result<Response, PageError> {
    let opened = find_any(&state, &token).await?;
    let back = || Ok(Redirect::to(&opened.path).into_response());
    let Some(credentials) = pending(&state, &opened) else {
        // Connected already, or begun anew: the page says which.
        return back();
    };
    let Form(sent) = sent.unwrap_or_default();
    let named = opened.link.pending_number.as_deref();
    if named.is_some_and(|named| named != sent.number) {
        // Meanwhile another phone was linked: the person has to see its number.
        return back();
    }
    let mut asked = Asked {
        number: named,
        typed: &sent.number,
        fault: None,
    };
    if sent.takes.is_none() && is_held(&state, &opened, &credentials, &sent.number).await? {
        return Ok(page(&state, language, &opened, &asked)
            .await?
            .into_response());
    }
    let entered = Entered {
        instance_id: credentials.instance_id.clone(),
        access_token: credentials.access_token.clone(),
        number: sent.number.clone(),
    };
    // The person who began was asked then whether a number may be replaced.
    let link = opened.used_to_connect(true);
    let location = opened.location();
    let connected = state.connector.connect(location, &entered, Some(link));
    let Err(error) = connected.await else {
        return back();
    };
    match error {
        ConnectError::Database(error) => Err(error.into()),
        ConnectError::LinkGone => {
            // The same answer was sent twice, and the other request was first.
            let link = connect_links::find_link(&state.pool, &opened.hash).await?;
            let is_done = link.is_some_and(|link| link.used_at.is_some());
            if is_done { back() } else { Err(link_gone()) }
        }
        ConnectError::OtherNumber { .. } | ConnectError::Check(CheckError::NotLinked(_)) => {
            // The phone was changed, or has ended the link: what is linked now is shown.
            forget_number(&state, &opened, &credentials).await?;
            back()
        }
        error => {
            info!(%location, "a confirmed number is not connected");
            asked.fault = Some(&error);
            let page = page(&state, language, &opened, &asked).await?;
            Ok((status_of(&error), page).into_response())
        }
    }
}

/// Whether another sub-account would lose the number.
async fn is_held(
    state: &HttpState,
    opened: &Opened,
    credentials: &Credentials,
    number: &str,
) -> sqlx::Result<bool> {
    let number = connect::digits(number).unwrap_or_default();
    let other = holder::find(state, opened, &number, &credentials.instance_id).await?;
    Ok(other.is_some())
}

async fn forget_number(
    state: &HttpState,
    opened: &Opened,
    credentials: &Credentials,
) -> sqlx::Result<()> {
    let instance = &credentials.instance_id;
    linking::record_number(&state.pool, &opened.hash, instance, None).await
}

/// The number is not the right one: ends that phone's link and shows a code again. Of keys that were entered only the
/// form is shown again, because others may use that instance.
pub(super) async fn again(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    let opened = find_unused(&state, &token).await?;
    let Some(credentials) = pending(&state, &opened) else {
        return Ok(Redirect::to(&opened.path).into_response());
    };
    let number = opened.link.pending_number.as_deref();
    if opened.link.pending_is_entered {
        connect_links::forget_pending(&state.pool, &opened.hash).await?;
        record_rejection(&state, &opened).await;
        let form = format!("{}?{KEYS}", opened.path);
        return Ok(Redirect::to(&form).into_response());
    }
    match state.waapify.reboot(&credentials).await {
        // Being not linked is the wanted state.
        Ok(()) | Err(CheckError::NotLinked(_)) => {
            forget_number(&state, &opened, &credentials).await?;
            record_rejection(&state, &opened).await;
            info!(location = %opened.location(), "another phone is to be linked");
            Ok(Redirect::to(&opened.path).into_response())
        }
        Err(error) => {
            let error = ConnectError::from(error);
            let asked = Asked {
                number,
                fault: Some(&error),
                ..Asked::default()
            };
            let page = page(&state, language, &opened, &asked).await?;
            Ok((status_of(&error), page).into_response())
        }
    }
}

/// A number that Waapify did not name was not said to be wrong.
async fn record_rejection(state: &HttpState, opened: &Opened) {
    if let Some(number) = &opened.link.pending_number {
        record(state, opened, Action::RejectNumber, number).await;
    }
}

/// Asks about the number, or for it where Waapify names none, and says who would lose it.
pub(super) async fn page(
    state: &HttpState,
    language: Language,
    opened: &Opened,
    asked: &Asked<'_>,
) -> sqlx::Result<Markup> {
    let number = match asked.number {
        Some(number) => number.to_owned(),
        None => connect::digits(asked.typed).unwrap_or_default(),
    };
    let instance = opened.link.pending_instance.as_deref().unwrap_or_default();
    let other = holder::find(state, opened, &number, instance).await?;
    Ok(view(language, opened, asked, other.as_ref()))
}

fn view(language: Language, opened: &Opened, asked: &Asked<'_>, other: Option<&Other>) -> Markup {
    let (number, fault) = (asked.number, asked.fault);
    let title = match number {
        Some(_) => language.pick("Is this your number?", "Adakah ini nombor anda?"),
        None => language.pick("Which number is it?", "Nombor yang mana?"),
    };
    let frame = Frame {
        scripts: views::SCRIPT,
        ..Frame::default()
    };
    let is_of_field = fault.is_some_and(|fault| fault.field() == Some(Field::Number));
    let general = fault.filter(|_| number.is_some() || !is_of_field);
    let body = html! {
        @if let Some(fault) = general { p.notice.bad role="alert" { (fault.text().of(language)) } }
        @match number {
            Some(number) => {
                p { (language.pick("A phone is linked. Its number is", "Telefon sudah dipautkan. Nombornya ialah")) }
                p.big-number { (grouped(number)) }
            },
            None => p { (language.pick(
                "A phone is linked, but Waapify does not say which number it has. Please enter it.",
                "Telefon sudah dipautkan, tetapi Waapify tidak menyatakan nombornya. Sila masukkan nombor itu.",
            )) },
        }
        @if let Some(other) = other { (holder::warning(language, other)) }
        form method="post" action={ (opened.path) "/confirm" } autocomplete="off" {
            @if other.is_some() { input type="hidden" name="takes" value="1"; }
            @match number {
                Some(number) => input type="hidden" name="number" value=(number);,
                None => (views::number_input(language, asked.typed, fault.filter(|_| is_of_field).map(ConnectError::text).as_ref())),
            }
            button type="submit" { (yes(language, number)) }
        }
        form method="post" action={ (opened.path) "/again" } {
            p { button.quiet type="submit" { (no(language, opened)) } }
        }
        (views::ways_out(language, opened))
    };
    layout::framed(language, title, frame, &body)
}

fn yes(language: Language, number: Option<&str>) -> &'static str {
    match number {
        Some(_) => language.pick("Yes, use this number", "Ya, guna nombor ini"),
        None => language.pick("Connect this number", "Sambungkan nombor ini"),
    }
}

fn no(language: Language, opened: &Opened) -> &'static str {
    if opened.link.pending_is_entered {
        language.pick("No, enter other keys", "Tidak, masukkan maklumat lain")
    } else {
        language.pick(
            "No, scan with another phone",
            "Tidak, imbas dengan telefon lain",
        )
    }
}
