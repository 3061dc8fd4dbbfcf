//! The description of the service's routes in `OpenAPI` names every route and method of the router, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::body::Body;
use axum::http::header::ALLOW;
use axum::http::{Method, Request, StatusCode};
use serde_json::Value;
use waapify_ghl::http::OPENAPI;

use crate::harness::{Bridge, ask};
use crate::lost::paths;

/// Methods of each path, in small letters as `OpenAPI` writes them.
type Routes = BTreeMap<String, BTreeSet<String>>;

/// No route has this one, so that every route answers which it has.
const NOBODYS: Method = Method::TRACE;

/// Each path with its parameters filled.
fn filled(path: &str) -> String {
    let parts = path.split('/');
    let parts = parts.map(|part| if part.starts_with('{') { "x" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The methods that a route names. HEAD belongs to GET.
async fn methods(router: &Router, path: &str) -> BTreeSet<String> {
    let request = Request::builder().method(NOBODYS).uri(filled(path));
    let (status, headers, _) = ask(router, request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    let allowed = headers[ALLOW].to_str().unwrap().to_lowercase();
    let allowed = allowed.split(',').map(|method| method.trim().to_owned());
    allowed.filter(|method| method != "head").collect()
}

fn described(document: &Value) -> Routes {
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| {
        let keys = item.as_object().unwrap().keys();
        keys.filter(|key| *key != "parameters").cloned().collect()
    };
    paths
        .iter()
        .map(|(path, item)| (path.clone(), methods(item)))
        .collect()
}

#[tokio::test]
async fn every_route_is_described_and_nothing_else() {
    let bridge = Bridge::bare().await;
    let router = bridge.app.router();
    let mut found = Routes::new();
    // Slashes at the end make no other address.
    let all = paths(&bridge).into_iter();
    for path in all.filter(|path| !path.ends_with('/')) {
        let methods = methods(&router, &path).await;
        found.insert(path, methods);
    }
    assert!(found.len() > 40, "{found:?}");
    // The sandbox has its own page there, so it is in no router of the tests.
    found.insert("/".to_owned(), ["get".to_owned()].into());
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    assert_eq!(described(&document), found);
}

#[test]
fn the_description_is_whole() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let tags = document["tags"].as_array().unwrap();
    let tags: BTreeSet<_> = tags
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let schemes = document["components"]["securitySchemes"]
        .as_object()
        .unwrap();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        assert_eq!(named(path), declared(item), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            if method == "parameters" {
                continue;
            }
            let at = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{at}: {id} twice");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{at}");
            let tag = operation["tags"][0].as_str().unwrap();
            assert!(tags.contains(tag), "{at}: {tag}");
            assert!(
                !operation["responses"].as_object().unwrap().is_empty(),
                "{at}"
            );
            for scheme in operation["security"].as_array().into_iter().flatten() {
                let mut names = scheme.as_object().unwrap().keys();
                assert!(names.all(|name| schemes.contains_key(name)), "{at}");
            }
        }
    }
}

/// The parameters in a path.
fn named(path: &str) -> BTreeSet<&str> {
    let parts = path.split('/');
    let names = parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.collect()
}

/// The parameters that a path declares.
fn declared(item: &Value) -> BTreeSet<&str> {
    let parameters = item["parameters"].as_array().into_iter().flatten();
    let names = parameters.map(|parameter| {
        assert_eq!(
            (&parameter["in"], &parameter["required"]),
            (&Value::from("path"), &Value::from(true))
        );
        parameter["name"].as_str().unwrap()
    });
    names.collect()
}
