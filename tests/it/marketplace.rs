//! The guide to GHL's portal is true and complete, and all its addresses exist in the service.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use secrecy::ExposeSecret as _;
use url::Url;
use waapify_ghl::app::App;
use waapify_ghl::config;
use waapify_ghl::config::install_link::SCOPES;
use waapify_ghl::config::marketplace::{Guide, GuideSecrets, SECRET};
use waapify_ghl::http::HookSecrets;
use waapify_ghl::runtime::clock::Clock;

use crate::commands::{output, program};
use crate::harness::{TestDatabase, ask, environment, settings};

const EXAMPLE: &str = "https://bridge.example.com";
/// The example of the guide in the repository.
const KEPT: &str = include_str!("../../docs/marketplace.md");

fn guide(public_url: &str, client_id: Option<&str>, secrets: Option<&HookSecrets>) -> String {
    let guide = Guide {
        public_url: &Url::parse(public_url).unwrap(),
        marketplace_base: &Url::parse("https://marketplace.gohighlevel.com").unwrap(),
        client_id,
        secrets: secrets.map(|secrets| GuideSecrets {
            delivery: secrets.delivery.expose_secret(),
            app: secrets.app.expose_secret(),
            external_auth: secrets.external_auth.expose_secret(),
        }),
    };
    guide.markdown()
}

/// The paths of all addresses at the example's host.
fn paths(guide: &str) -> Vec<String> {
    let after = guide.split(EXAMPLE).skip(1);
    let paths = after.map(|rest| {
        let end = rest.find(|c: char| c == '`' || c.is_whitespace());
        rest[..end.unwrap_or(rest.len())].to_owned()
    });
    paths.filter(|path| !path.is_empty()).collect()
}

#[test]
fn the_guide_in_the_repository_is_the_one_that_the_program_prints() {
    assert!(
        guide(EXAMPLE, None, None) == KEPT,
        "print it anew: PUBLIC_URL={EXAMPLE} waapify-ghl marketplace > docs/marketplace.md"
    );
}

#[tokio::test]
async fn every_address_in_the_guide_is_one_that_the_service_has() {
    let database = TestDatabase::new().await;
    let settings = settings(&environment(EXAMPLE, "http://127.0.0.1:9"));
    let app = App::new(&settings, database.pool.clone(), Clock::system()).unwrap();
    let secrets = HookSecrets::derive(&settings.ghl);
    let guide = guide(EXAMPLE, None, Some(&secrets));
    let paths = paths(&guide);
    for needed in [
        "/oauth/callback",
        "/oauth/install",
        &format!("/hooks/app/{}", secrets.app.expose_secret()),
        &format!("/hooks/delivery/{}", secrets.delivery.expose_secret()),
        "/app",
        &format!(
            "/hooks/external-auth/{}",
            secrets.external_auth.expose_secret()
        ),
        "/readyz",
    ] {
        assert!(
            paths.iter().any(|path| path == needed),
            "{needed}: {paths:?}"
        );
    }
    for path in paths {
        // Webhooks are posted to. An empty post may be refused, but not with 404.
        let request = Request::post(&path).body(Body::empty()).unwrap();
        let (status, _, _) = ask(&app.router(), request).await;
        assert_ne!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn scopes_and_fields_stand_in_the_guide_as_the_service_uses_them() {
    let secrets = HookSecrets {
        delivery: "rahsia".into(),
        app: "geheim".into(),
        external_auth: "secret".into(),
    };
    let guide = guide(
        "https://bridge.example.com/sub",
        Some("66b1-x"),
        Some(&secrets),
    );
    for scope in SCOPES {
        assert!(guide.contains(&format!("\n{scope}\n")), "{scope}");
    }
    for said in [
        "`https://bridge.example.com/sub/oauth/callback`",
        "`https://bridge.example.com/sub/hooks/delivery/rahsia`",
        "`https://bridge.example.com/sub/hooks/app/geheim`",
        "`https://bridge.example.com/sub/hooks/external-auth/secret`",
        "client_id=66b1-x&",
        "version_id=66b1\n",
        "**leave it unticked**",
    ] {
        assert!(guide.contains(said), "{said}: {guide}");
    }
    assert!(!guide.contains(&format!("/{SECRET}")) && !guide.contains("CLIENT_ID` is"));
}

#[test]
fn an_address_that_ghl_refuses_is_said_to_be_one() {
    assert!(!guide(EXAMPLE, None, None).contains("will not work"));
    let guide = guide("https://ghl.example.com", None, None);
    assert!(
        guide.contains("will not work") && guide.contains("`ghl`"),
        "{guide}"
    );
}

#[test]
fn it_needs_only_an_address() {
    let missing = config::load_guide(|_| None).unwrap_err().to_string();
    assert!(missing.contains("PUBLIC_URL") && !missing.contains("ENCRYPTION_KEYS"));
    let env = |name: &str| (name == "PUBLIC_URL").then(|| EXAMPLE.to_owned());
    assert_eq!(config::load_guide(env).unwrap().client_id, None);
}

#[tokio::test]
async fn the_command_prints_it() {
    let mut command = program(None);
    command.arg("marketplace").env("PUBLIC_URL", EXAMPLE);
    let (code, stdout, stderr) = output(command).await;
    assert_eq!((code, stdout.as_str()), (Some(0), KEPT), "{stderr}");
    let mut command = program(None);
    command.arg("marketplace");
    let (code, _, stderr) = output(command).await;
    assert_eq!(code, Some(2));
    assert!(stderr.contains("PUBLIC_URL"), "{stderr}");
}

#[tokio::test]
async fn a_secret_is_printed_only_when_it_is_asked_for() {
    let environment = environment(EXAMPLE, "http://127.0.0.1:9");
    let secrets = HookSecrets::derive(&settings(&environment).ghl);
    for (arguments, shows) in [
        (&["marketplace"][..], false),
        (&["marketplace", "--show-secrets"], true),
    ] {
        let mut command = program(None);
        command.args(arguments).envs(environment.iter().cloned());
        let (code, stdout, stderr) = output(command).await;
        assert_eq!(code, Some(0), "{stderr}");
        for secret in [&secrets.delivery, &secrets.app, &secrets.external_auth] {
            assert_eq!(
                stdout.contains(secret.expose_secret()),
                shows,
                "{arguments:?}"
            );
        }
    }
}
