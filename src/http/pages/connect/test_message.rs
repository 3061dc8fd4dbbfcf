//! Sends one fixed sentence to a phone that the person names, right after connecting, to prove that the number sends.
//!
//! Its limits prevent messages to strangers: only from this link's own number, for half an hour, three times, with a
//! text that cannot be chosen.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tracing::{info, warn};

use crate::accounts::connect;
use crate::clients::waapify::SendFailure;
use crate::db::accounts::{connect_links, linking};
use crate::db::numbers;
use crate::http::pages::connect::done::{TEST_LIFE, TestForm};
use crate::http::pages::connect::recorded::record;
use crate::http::pages::connect::{
    HttpState, Language, Opened, PageError, Text, done, find_any, link_gone,
};
use crate::model::audit::Action;
use crate::model::reason::{Failure, Reason};
use crate::model::written_phone;

/// One test, and two more for a mistyped number.
const MAX_TESTS: i32 = 3;

/// The fields of the form.
#[derive(Deserialize)]
pub(super) struct Test {
    to: String,
}

/// Sends the test, and shows the page again with the result.
pub(super) async fn send(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    given: Result<Form<Test>, FormRejection>,
) -> Result<Response, PageError> {
    let opened = find_any(&state, &token).await?;
    if opened.link.used_at.is_none() {
        return Err(link_gone());
    }
    let to = given.map(|Form(given)| given.to).unwrap_or_default();
    let result = try_send(&state, language, &opened, &to).await?;
    let status = match &result {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let test = TestForm {
        to: &to,
        result: Some(result),
    };
    let page = done::page(&state, language, &opened, &test).await?;
    Ok((status, page).into_response())
}

async fn try_send(
    state: &HttpState,
    language: Language,
    opened: &Opened,
    to: &str,
) -> Result<Result<Text, Text>, PageError> {
    let location = opened.location();
    let number = opened.link.number.as_deref().unwrap_or_default();
    // As deliveries are read: by the country of the number that sends.
    let to = match written_phone::phone(to, written_phone::country_of(number)) {
        Ok(to) => to,
        Err(failure) => return Ok(Err(wrong_number(&failure))),
    };
    let row = numbers::find_number(&state.pool, location, number).await?;
    let row = row.ok_or_else(link_gone)?;
    let Ok(credentials) = connect::open_credentials(&state.sealer, location, &row) else {
        return Err(link_gone());
    };
    let since = state.clock.now() - TEST_LIFE;
    if !connect_links::count_test(&state.pool, &opened.hash, since, MAX_TESTS).await? {
        return Ok(Err(over()));
    }
    let sent = state
        .waapify
        .send(&credentials, &to, words(language), None)
        .await;
    Ok(match sent {
        Ok(_) => {
            info!(%location, "a test message was sent");
            record(state, opened, Action::TestMessage, number).await;
            linking::record_test(&state.pool, &opened.hash, state.clock.now()).await?;
            Ok(Text::new(
                "Sent. Look at that phone: the message should be there.",
                "Dihantar. Semak telefon itu: mesej sepatutnya sudah sampai.",
            ))
        }
        Err(failure) => {
            warn!(%location, "a test message was not sent");
            Err(failed(&failure))
        }
    })
}

/// Without braces, which the gateway would read as alternatives.
fn words(language: Language) -> &'static str {
    language.pick(
        "Test: this WhatsApp number is connected to GHL. Please do not reply.",
        "Ujian: nombor WhatsApp ini sudah disambungkan kepada GHL. Sila jangan balas.",
    )
}

/// What is wrong with the number that was entered. The words of a failed delivery would be about a contact.
fn wrong_number(failure: &Failure) -> Text {
    match failure {
        Failure::NoPhone => Text::new(
            "Please enter the number of another phone.",
            "Sila masukkan nombor telefon lain.",
        ),
        Failure::PhoneWithExtension => Text::new(
            "This number has letters or an extension, which WhatsApp cannot dial. Enter the number alone.",
            "Nombor ini mengandungi huruf atau nombor sambungan, yang tidak boleh didail oleh WhatsApp. Masukkan nombornya sahaja.",
        ),
        _ => Text::new(
            "This number is not complete. Enter it as you dial it, or with its country code, such as +60123456789.",
            "Nombor ini tidak lengkap. Masukkan seperti anda mendail, atau dengan kod negara, contohnya +60123456789.",
        ),
    }
}

fn over() -> Text {
    Text::new(
        "No more test messages can be sent from this page. Write to a contact in GHL instead.",
        "Tiada lagi mesej ujian boleh dihantar dari halaman ini. Tulis kepada kenalan dalam GHL sebagai ganti.",
    )
}

fn failed(failure: &SendFailure) -> Text {
    match failure {
        SendFailure::AttemptFailed(_) | SendFailure::Rejected(_) | SendFailure::TooLong => {
            Text::new(
                "WhatsApp did not take the message. Is this number on WhatsApp?",
                "WhatsApp tidak menerima mesej itu. Adakah nombor ini menggunakan WhatsApp?",
            )
        }
        SendFailure::SameText(_) => Text::new(
            "Waapify sent this message to that number a moment ago. Look at that phone, or try again in five minutes.",
            "Waapify baru sahaja menghantar mesej ini kepada nombor itu. Semak telefon itu, atau cuba lagi dalam lima minit.",
        ),
        SendFailure::Unknown(_) => Text::new(
            "Waapify did not say whether the message left. Look at that phone before you try again.",
            "Waapify tidak menyatakan sama ada mesej itu dihantar. Semak telefon itu sebelum mencuba lagi.",
        ),
        SendFailure::GatewayDown(_) => Text::new(
            "Waapify cannot be reached right now. Try again in a minute.",
            "Waapify tidak dapat dihubungi sekarang. Cuba lagi sebentar.",
        ),
        SendFailure::NumberStopped(stop) => Reason::from(stop.hold()).texts(),
    }
}
