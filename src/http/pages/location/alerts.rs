//! Whom an agency wants to be told of incidents of its sub-accounts. Only its admins see and set this.
//!
//! The page never shows a whole address, which is often a secret, only its host.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use time::Duration;
use tracing::info;
use url::Url;

use crate::clients::alert_webhook::AddressFault;
use crate::config::alerts::parse_mailbox;
use crate::crypto::random_secret;
use crate::db::alerts;
use crate::db::alerts::targets::{ChangeLimit, Target, address_place, secret_place};
use crate::db::alerts::{Standing, targets};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::location::labels;
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm};
use crate::http::pages::location::see;
use crate::http::pages::location::tabs::{Tab, framed};
use crate::model::alert::{AlertTemplate, Channel, Medium};
use crate::model::ids::CompanyId;
use crate::model::language::{Language, Text};

/// Longest address: that of a webhook may have a long secret.
const MAX_ADDRESS: usize = 1_000;

/// How often an agency may set a target within [`CHANGES_WITHIN`]. Each change sends a test, mail through the operator's
/// server to whomever the admin names; nobody mistypes an address more often. A template takes more tries.
const MAX_MAIL_CHANGES: i64 = 5;
const MAX_WEBHOOK_CHANGES: i64 = 20;
const CHANGES_WITHIN: Duration = Duration::HOUR;

/// A form that was refused, as it was filled in: what was typed stays in its fields, and is stored nowhere.
struct Refused<'a> {
    medium: Medium,
    address: &'a str,
    template: &'a str,
    fault: Text,
}

/// A target as the page shows it.
struct Shown {
    medium: Medium,
    /// The host of a webhook, or the mail address; none where there is no target.
    place: Option<String>,
    /// Signs what is posted.
    secret: Option<SecretString>,
    template: String,
    standing: Option<Standing>,
}

pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Markup, PageError> {
    let company = agency(&state, &visitor).await?;
    page(&state, language, &visitor, &company, None).await
}

/// Sets a target, which gets a test at once.
pub(super) async fn save(
    State(state): State<HttpState>,
    language: Language,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let visitor = &sent.visitor;
    let company = agency(&state, visitor).await?;
    let medium = Medium::find(sent.field("kind")).unwrap_or(Medium::Webhook);
    let (address, template) = (sent.field("address"), sent.field("template"));
    let refuse = async |status, fault| {
        let refused = Refused {
            medium,
            address,
            template,
            fault,
        };
        let page = page(&state, language, visitor, &company, Some(&refused)).await?;
        Ok((status, page).into_response())
    };
    let (checked_address, checked_template) = match check(&state, medium, address, template) {
        Ok(checked) => checked,
        Err(fault) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, fault).await,
    };
    let seal = |place: String, secret: &SecretString| state.sealer.seal(&place, secret);
    let target = Target {
        address: seal(address_place(&company, medium), &checked_address),
        secret: (medium == Medium::Webhook)
            .then(|| seal(secret_place(&company, medium), &random_secret())),
        template: checked_template.as_str().to_owned(),
        language: language.tag().to_owned(),
    };
    let (limit, now) = (change_limit(medium), state.clock.now());
    if !targets::set(&state.pool, &company, medium, &target, limit, now).await? {
        return refuse(StatusCode::TOO_MANY_REQUESTS, too_often()).await;
    }
    info!(%company, medium = medium.as_str(), "a target of alerts is set");
    state.signals.alerts.notify_one();
    Ok(see(&visitor.address("/alerts")))
}

/// How often an agency may set a target.
const fn change_limit(medium: Medium) -> ChangeLimit {
    ChangeLimit {
        max: match medium {
            Medium::Mail => MAX_MAIL_CHANGES,
            Medium::Webhook => MAX_WEBHOOK_CHANGES,
        },
        within: CHANGES_WITHIN,
    }
}

fn too_often() -> Text {
    Text::new(
        "Nothing was changed: your agency has set its targets too often within an hour, and each change sends a test. Try again in an hour.",
        "Tiada apa-apa diubah: agensi anda terlalu kerap menetapkan sasaran dalam masa sejam, dan setiap perubahan menghantar ujian. Cuba lagi dalam sejam.",
    )
}

/// Removes a target.
pub(super) async fn remove(
    State(state): State<HttpState>,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let company = agency(&state, &sent.visitor).await?;
    let medium = Medium::find(sent.field("kind")).unwrap_or(Medium::Webhook);
    targets::remove(&state.pool, &company, medium).await?;
    info!(%company, medium = medium.as_str(), "a target of alerts is removed");
    Ok(see(&sent.visitor.address("/alerts")))
}

/// The agency whose admin the visitor is.
async fn agency(state: &HttpState, visitor: &LocationUser) -> Result<CompanyId, PageError> {
    visitor.find_agency(state).await?.ok_or_else(|| PageError {
        status: StatusCode::FORBIDDEN,
        title: Text::new(
            "Only an admin of the agency sees this",
            "Hanya admin agensi boleh melihat halaman ini",
        ),
        text: Text::new(
            "Alerts are set for the whole agency. Nothing was changed. Ask an admin of your agency.",
            "Makluman ditetapkan untuk seluruh agensi. Tiada apa-apa diubah. Tanya admin agensi anda.",
        ),
    })
}

/// What is to be stored, or what is wrong.
fn check(
    state: &HttpState,
    medium: Medium,
    address: &str,
    template: &str,
) -> Result<(SecretString, AlertTemplate), Text> {
    let template = AlertTemplate::parse(template).map_err(|_| {
        Text::new(
            "The template has to be JSON with {{text}}, {{title}} or {{alert}} in place of a value.",
            "Templat mestilah JSON dengan {{text}}, {{title}} atau {{alert}} di tempat satu nilai.",
        )
    })?;
    let is_whole = address.len() <= MAX_ADDRESS
        && match medium {
            Medium::Mail => parse_mailbox(address).is_ok(),
            Medium::Webhook => Url::parse(address).is_ok(),
        };
    if !is_whole {
        return Err(Text::new(
            "Enter a whole address: one that begins with https://, or a mail address.",
            "Masukkan alamat penuh: yang bermula dengan https://, atau alamat e-mel.",
        ));
    }
    match Url::parse(address) {
        Ok(url) if medium == Medium::Webhook => check_public(state, &url)?,
        _ => {}
    }
    Ok((address.into(), template))
}

fn check_public(state: &HttpState, url: &Url) -> Result<(), Text> {
    state.alert_webhooks.check(url).map_err(|fault| {
        let why = match AddressFault::of(url) {
            AddressFault::Scheme => Text::new(
                "its address must begin with https://",
                "alamatnya mesti bermula dengan https://",
            ),
            AddressFault::Port => Text::new(
                "this port is not allowed; leave it out of the address",
                "port ini tidak dibenarkan; buang ia daripada alamat",
            ),
            AddressFault::Host => fault.text(),
        };
        Text::new(
            format!("This target cannot be used: {}.", why.english),
            format!("Sasaran ini tidak boleh digunakan: {}.", why.malay),
        )
    })
}

async fn find(state: &HttpState, company: &CompanyId, medium: Medium) -> sqlx::Result<Shown> {
    let target = targets::find(&state.pool, company, medium).await?;
    let open = |place: String, sealed: &[u8]| state.sealer.open(&place, sealed).ok();
    let address = target
        .as_ref()
        .and_then(|target| open(address_place(company, medium), &target.address));
    let secret = target.as_ref().and_then(|target| target.secret.as_deref());
    let channel = Channel::Agency(company.clone(), medium);
    Ok(Shown {
        medium,
        place: target
            .as_ref()
            .map(|_| address.map_or_else(|| "?".to_owned(), |address| place_of(&address))),
        secret: secret.and_then(|sealed| open(secret_place(company, medium), sealed)),
        template: target.map(|target| target.template).unwrap_or_default(),
        standing: alerts::find(&state.pool, &channel).await?,
    })
}

/// What of an address is no secret.
fn place_of(address: &SecretString) -> String {
    let text = address.expose_secret();
    match Url::parse(text) {
        Ok(url) if url.has_host() => format!("{}/…", url.host_str().unwrap_or_default()),
        _ => text.to_owned(),
    }
}

async fn page(
    state: &HttpState,
    language: Language,
    visitor: &LocationUser,
    company: &CompanyId,
    refused: Option<&Refused<'_>>,
) -> Result<Markup, PageError> {
    let mut shown = vec![find(state, company, Medium::Webhook).await?];
    if state.alert_settings.mail_server.is_some() {
        shown.push(find(state, company, Medium::Mail).await?);
    }
    let now = state.clock.now();
    let body = html! {
        @if let Some(refused) = refused { p.notice.bad #fault role="alert" { (refused.fault.of(language)) } }
        p { (language.pick(
            "Be told of incidents of all sub-accounts of your agency: when one begins, daily while it lasts, and when it is over.",
            "Terima makluman masalah semua sub-akaun agensi anda: apabila bermula, setiap hari selagi ada, dan apabila selesai.",
        )) }
        @for target in &shown {
            section.panel {
                h2 { (name(language, target.medium)) }
                @if let Some(place) = &target.place {
                    p { (language.pick("Alerts go to ", "Makluman dihantar ke ")) bdi { (place) } }
                    @if let Some(standing) = &target.standing { (fares(language, visitor, standing, now)) }
                }
                (form(language, visitor, target, refused.filter(|refused| refused.medium == target.medium)))
                @if target.place.is_some() { (remove_form(language, visitor, target.medium)) }
            }
        }
    };
    let title = language.pick("Alerts of the agency", "Makluman agensi");
    Ok(framed(language, visitor, Some(Tab::Alerts), title, &body))
}

fn name(language: Language, medium: Medium) -> &'static str {
    match medium {
        Medium::Webhook => language.pick("To a webhook", "Ke webhook"),
        Medium::Mail => language.pick("By mail", "Melalui e-mel"),
    }
}

/// Whether the target takes what it is told.
fn fares(
    language: Language,
    visitor: &LocationUser,
    standing: &Standing,
    now: time::OffsetDateTime,
) -> Markup {
    html! {
        @match (standing.failing_since, standing.fault, standing.told_at) {
            (Some(since), Some(fault), _) => p.notice.bad {
                (language.pick("Nothing can be delivered there since ", "Tiada apa-apa dapat dihantar ke situ sejak "))
                (labels::ago(language, visitor, since, now)) ": " (fault.text().of(language)) "."
            },
            (_, _, Some(at)) => p.hint {
                (language.pick("Last delivered: ", "Kali terakhir dihantar: ")) (labels::ago(language, visitor, at, now))
            },
            _ => p.hint { (language.pick(
                "A test is on its way there. Load this page again in a moment.",
                "Satu ujian sedang dihantar ke situ. Muat semula halaman ini sebentar lagi.",
            )) },
        }
    }
}

fn form(
    language: Language,
    visitor: &LocationUser,
    target: &Shown,
    refused: Option<&Refused<'_>>,
) -> Markup {
    let typed = refused.map_or(target.template.as_str(), |refused| refused.template);
    let kind = target.medium.as_str();
    let is_webhook = target.medium == Medium::Webhook;
    let (id, template) = (format!("{kind}-address"), format!("{kind}-template"));
    html! {
        form method="post" action=(visitor.address("/alerts")) {
            (visitor.token())
            input type="hidden" name="kind" value=(kind);
            label for=(id) { (language.pick("Address", "Alamat")) }
            input #(id) name="address" type=(if is_webhook { "url" } else { "email" }) required autocomplete="off"
                value=[refused.map(|refused| refused.address)] aria-describedby=[refused.map(|_| "fault")]
                placeholder=(if is_webhook { "https://hooks.example.com/…" } else { "alerts@example.com" });
            @if is_webhook {
                label for=(template) { (language.pick("Template (may stay empty)", "Templat (boleh dibiarkan kosong)")) }
                textarea #(template) name="template" rows="3" maxlength="2000" spellcheck="false" { (typed) }
                p.hint {
                    (language.pick("For Slack or Google Chat: ", "Untuk Slack atau Google Chat: ")) code { "{\"text\": {{text}}}" }
                    (language.pick("; for Discord: ", "; untuk Discord: ")) code { "{\"content\": {{text}}}" }
                    (language.pick("; empty: all details as JSON, for n8n or Make.", "; kosong: semua butiran sebagai JSON, untuk n8n atau Make."))
                }
            }
            @if !is_webhook {
                p.hint { (language.pick("At most five changes an hour, because each sends a test.", "Paling banyak lima perubahan sejam, kerana setiap satu menghantar ujian.")) }
            }
            .actions { button type="submit" { (language.pick("Save and send a test", "Simpan dan hantar ujian")) } }
        }
        @if let Some(secret) = &target.secret {
            details {
                summary { (language.pick("How to check that a post is ours", "Cara menyemak bahawa kiriman itu daripada kami")) }
                p { (language.pick(
                    "The header x-waapify-ghl-signature is v1= and HMAC-SHA256 (in hexadecimal) of the header x-waapify-ghl-timestamp, a dot, and the body, with this secret:",
                    "Header x-waapify-ghl-signature ialah v1= dan HMAC-SHA256 (heksadesimal) bagi header x-waapify-ghl-timestamp, satu titik, dan kandungan, dengan rahsia ini:",
                )) }
                p { code { (secret.expose_secret()) } }
            }
        }
    }
}

fn remove_form(language: Language, visitor: &LocationUser, medium: Medium) -> Markup {
    html! {
        form.actions method="post" action=(visitor.address("/alerts/remove")) {
            (visitor.token())
            input type="hidden" name="kind" value=(medium.as_str());
            button.quiet type="submit" { (language.pick("Remove this target", "Buang sasaran ini")) }
        }
    }
}
