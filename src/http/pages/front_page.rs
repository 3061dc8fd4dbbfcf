//! `GET /`: what this service is, for people who open its bare address. Shows nothing private and links to nothing.

use axum::routing::get;
use axum::{Router, middleware};
use maud::{Markup, html};

use crate::http::pages::layout;
use crate::http::{error, layers};
use crate::model::language::Language;

/// The page with its route. It is separate from the other routes because the sandbox has its own page there.
pub fn front_page() -> Router {
    let page = Router::new().route("/", get(show));
    layers::wrap(page.layer(middleware::from_fn(error::localize)))
}

async fn show(language: Language) -> Markup {
    let title = language.pick("WhatsApp for GoHighLevel", "WhatsApp untuk GoHighLevel");
    let body = html! {
        p { (language.pick(
            "This service carries a business's messages between GoHighLevel (GHL) and WhatsApp: what the business writes in GHL goes out from its own WhatsApp number, and the replies come back into the same conversation.",
            "Perkhidmatan ini membawa mesej perniagaan antara GoHighLevel (GHL) dengan WhatsApp: apa yang ditulis dalam GHL dihantar daripada nombor WhatsApp perniagaan itu sendiri, dan balasannya masuk ke perbualan yang sama.",
        )) }
        p { (language.pick(
            "There is nothing to do on this page. If your business uses the service, open the app's page inside GHL. Questions go to whoever gave you the app.",
            "Tiada apa-apa perlu dibuat di halaman ini. Jika perniagaan anda menggunakan perkhidmatan ini, buka halaman aplikasinya dalam GHL. Sebarang pertanyaan, sila hubungi pihak yang memberi anda aplikasi ini.",
        )) }
    };
    layout::page(language, title, &body)
}
