//! Every address that a browser can be left with leads somewhere: all routes of the router, as it lists them itself, and
//! addresses that nobody knows.

use std::collections::BTreeSet;

use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, COOKIE, LOCATION};
use axum::http::{HeaderMap, Method, StatusCode};
use simulators::seed;

use crate::agency_page;
use crate::alerts::agencies::admin;
use crate::harness::Bridge;
use crate::messages::number_of;
use crate::metrics::operated;
use crate::operator::Browser;

/// What a browser asks for when a person opens an address.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// Routes whose answers are for programs, or are files: what they say to a browser is no page. The others must show one.
const NO_PAGES: [&str; 11] = [
    "/hooks/external-auth/",
    "/assets/",
    "/attachments/",
    "/files/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/qr.png",
    "/state",
    // A part of a page.
    "/provider",
    // A file.
    ".csv",
];

/// All paths of the service, from the router's own description: a new one cannot be forgotten here.
pub fn paths(bridge: &Bridge) -> BTreeSet<String> {
    let described = format!("{:?}", bridge.app.router());
    let paths = described.split("RouteId(").skip(1);
    let paths = paths.filter_map(|rest| rest.split_once("): \"")?.1.split('"').next());
    let paths: BTreeSet<_> = paths
        .filter(|path| path.starts_with('/') && !path.contains("__private"))
        .map(str::to_owned)
        .collect();
    for known in [
        "/connect/{token}/test",
        "/app/{session}",
        "/operator",
        "/hooks/app",
    ] {
        assert!(paths.contains(known), "{known}: {described}");
    }
    assert!(paths.len() > 50, "{paths:?}");
    paths
}

struct Visitor<'a> {
    bridge: &'a Bridge,
    cookies: String,
}

impl Visitor<'_> {
    async fn opens(&self, method: Method, path: &str) -> (StatusCode, HeaderMap, String) {
        let request = self
            .bridge
            .http
            .request(method, format!("{}{path}", self.bridge.address));
        let request = request
            .header(ACCEPT, BROWSER)
            .header(COOKIE, &self.cookies);
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.text().await.unwrap_or_default())
    }

    /// Opens an address and follows where it leads, within this service.
    async fn lands(&self, path: &str) -> (StatusCode, HeaderMap, String) {
        let mut path = path.to_owned();
        for _ in 0..3 {
            let (status, headers, body) = self.opens(Method::GET, &path).await;
            let to = headers.get(LOCATION).map(|to| to.to_str().unwrap());
            match to {
                Some(to) if to.starts_with('/') => to.clone_into(&mut path),
                _ => return (status, headers, body),
            }
        }
        panic!("{path} leads round and round");
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html"))
}

#[tokio::test]
async fn every_route_shows_a_browser_a_page_or_leads_to_one() {
    let bridge = operated().await;
    let link = bridge.install_second().await;
    let (_, token) = link.split_once("/connect/").unwrap();
    let token: String = token
        .chars()
        .take_while(|c| *c != '"' && *c != '/')
        .collect();
    let failed = bridge
        .agent_sends(seed::NOMBOR_SALAH.0, "rahsia", &[])
        .await;
    bridge.settle().await;
    let id = number_of(&bridge, &failed).await;
    let frame = admin(&bridge).await;
    let agency = agency_page::admin(&bridge).await;
    let operator = Browser::sign_in(&bridge).await;
    let session = frame.path.trim_start_matches("/app/").to_owned();
    let of_agency = agency.path.trim_start_matches("/app/agency/").to_owned();
    let fill = |path: &str, secret: &str| {
        path.replace("agency/{session}", &format!("agency/{of_agency}"))
            .replace("{session}", &session)
            .replace("{number}", seed::NUMBER)
            .replace("{location}", seed::LOCATION_ID)
            .replace("{id}", &id)
            .replace("{token}", secret)
            .replace("{name}", "a.pdf")
            .replace("{question}", "x")
            .replace("{secret}", "x")
    };
    for path in paths(&bridge) {
        let cookies = if path.starts_with("/operator") {
            operator.cookie.clone()
        } else if path.starts_with("/app/agency") {
            agency.cookie.clone()
        } else {
            frame.cookie.clone()
        };
        let visitor = Visitor {
            bridge: &bridge,
            cookies,
        };
        for secret in [token.as_str(), "guess"] {
            let filled = fill(&path, secret);
            assert!(!filled.contains('{'), "a new parameter: {path}");
            let (status, headers, body) = visitor.lands(&filled).await;
            let leads_away = status.is_redirection();
            let may_be_bare = NO_PAGES.iter().any(|part| path.contains(part));
            assert!(
                leads_away || may_be_bare || is_page(&headers),
                "{path}: {status} {headers:?} {body}"
            );
            let is_theirs = ["/app", "/operator", "/connect"]
                .iter()
                .any(|place| path.starts_with(place));
            if is_theirs && secret == token && !may_be_bare {
                assert!(
                    leads_away || status == StatusCode::OK,
                    "{path}: {status} {body}"
                );
            }
            assert!(headers.contains_key("content-security-policy"), "{path}");
        }
    }
}

#[tokio::test]
async fn an_unknown_address_gets_a_page_for_readers_and_a_bare_status_for_programs() {
    let bridge = Bridge::new().await;
    let visitor = Visitor {
        bridge: &bridge,
        cookies: String::new(),
    };
    for (path, status) in [
        ("/nowhere", StatusCode::NOT_FOUND),
        ("/app/a/b/c/d", StatusCode::NOT_FOUND),
        ("//evil.example/", StatusCode::NOT_FOUND),
        ("/operator", StatusCode::NOT_FOUND),
        ("/hooks/delivery", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let (answered, headers, body) = visitor.opens(Method::GET, path).await;
        assert_eq!(answered, status, "{path}");
        assert!(
            is_page(&headers) && body.contains("There is no page here"),
            "{path}: {body}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
        let request = bridge.http.get(format!("{}{path}", bridge.address));
        let malay = request
            .header(ACCEPT, BROWSER)
            .header("accept-language", "ms");
        let malay = malay.send().await.unwrap().text().await.unwrap();
        assert!(malay.contains("Tiada halaman di sini"), "{path}: {malay}");
    }
    let (status, headers, body) = visitor.opens(Method::POST, "/nowhere").await;
    assert_eq!((status, body.as_str()), (StatusCode::NOT_FOUND, ""));
    assert!(!is_page(&headers));
    for path in ["/nowhere", "/hooks/delivery"] {
        let request = bridge.http.get(format!("{}{path}", bridge.address));
        let answer = request
            .header(ACCEPT, "application/json")
            .send()
            .await
            .unwrap();
        assert!(!is_page(answer.headers()), "{path}");
        if path == "/hooks/delivery" {
            assert_eq!(answer.headers()[ALLOW], "POST");
        }
        assert_eq!(answer.text().await.unwrap(), "", "{path}");
    }
}
