//! A page that shows the routes of the service as `openapi.json` describes them, and that file itself.

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{DOCTYPE, Markup, html};
use serde_json::{Map, Value};

use crate::http::OPENAPI;

/// Only the style sheet of the sandbox.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn router() -> Router {
    Router::new()
        .route("/sandbox/openapi", get(show))
        .route("/sandbox/openapi.json", get(file))
}

async fn file() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn show() -> Response {
    let document: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    ([(CONTENT_SECURITY_POLICY, POLICY)], page(&document)).into_response()
}

fn page(document: &Value) -> Markup {
    let tags = document["tags"].as_array().map_or(&[][..], Vec::as_slice);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "The service's routes · Sandbox" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/sandbox/page.css";
            }
            body.document {
                main {
                    h1 { "The service's routes" }
                    p { (text(&document["info"], "description")) }
                    p {
                        a href="/sandbox/openapi.json" { "The same as OpenAPI 3.1 (JSON)" } " · "
                        a href="/" { "Back to the sandbox" }
                    }
                    @for tag in tags { (section(document, tag)) }
                }
            }
        }
    }
}

/// The routes of one tag.
fn section(document: &Value, tag: &Value) -> Markup {
    let paths = document["paths"].as_object().into_iter().flatten();
    html! {
        section {
            h2 { (text(tag, "name")) }
            p { (text(tag, "description")) }
            table {
                thead { tr { th { "Method" } th { "Path" } th { "What it does" } th { "Takes" } th { "Answers" } } }
                tbody {
                    @for (path, item) in paths { (rows(path, item, &tag["name"])) }
                }
            }
        }
    }
}

fn rows(path: &str, item: &Value, tag: &Value) -> Markup {
    let operations = item.as_object().into_iter().flatten();
    html! {
        @for (method, operation) in operations {
            @if operation["tags"][0] == *tag {
                tr {
                    td { strong { (method.to_uppercase()) } }
                    td { code { (path) } }
                    td { (text(operation, "summary")) }
                    td { (taken(operation)) }
                    td { (keys(&operation["responses"])) }
                }
            }
        }
    }
}

/// The fields or the kind of a body.
fn taken(operation: &Value) -> String {
    let content = operation["requestBody"]["content"].as_object();
    let Some((kind, body)) = content.and_then(|content| content.iter().next()) else {
        return String::new();
    };
    match body["schema"]["properties"].as_object() {
        Some(fields) => names(fields),
        None => kind.clone(),
    }
}

fn keys(object: &Value) -> String {
    object.as_object().map(names).unwrap_or_default()
}

fn names(fields: &Map<String, Value>) -> String {
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    names.join(", ")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
