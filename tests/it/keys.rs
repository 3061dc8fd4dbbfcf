//! The keys that encrypt secrets: a wrong one is reported at the start, and they are changed while the service runs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use simulators::seed;
use waapify_ghl::accounts::key_rotation;
use waapify_ghl::accounts::key_rotation::{MissingKey, Rotation};
use waapify_ghl::app::App;
use waapify_ghl::config::Settings;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::reason::{Reason, Wait};

use crate::bridge::use_token;
use crate::commands::{output, program};
use crate::harness::{Bridge, location, settings};

/// The key of [`Bridge`].
const OLD: u8 = 0;
const NEW: u8 = 7;

fn keys_of(bytes: &[u8]) -> String {
    let keys = bytes.iter().map(|byte| STANDARD.encode([*byte; 32]));
    keys.collect::<Vec<_>>().join(",")
}

fn with_keys(bridge: &Bridge, bytes: &[u8]) -> Settings {
    let mut environment = bridge.environment.clone();
    environment.retain(|(name, _)| name != "ENCRYPTION_KEYS");
    environment.push(("ENCRYPTION_KEYS".to_owned(), keys_of(bytes)));
    settings(&environment)
}

#[tokio::test]
async fn the_program_does_not_start_with_a_key_that_opens_nothing_and_says_so() {
    let bridge = Bridge::new().await;
    let mut serve = program(Some(&bridge));
    serve.env("ENCRYPTION_KEYS", keys_of(&[NEW]));
    let (code, _, stderr) = output(serve).await;
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("ENCRYPTION_KEYS does not hold the key that sealed 4 of the tokens"),
        "{stderr}"
    );
    assert!(!stderr.contains("\"listening\""), "{stderr}");
    let wrong =
        key_rotation::check(&bridge.database.pool, &with_keys(&bridge, &[NEW]).sealer).await;
    assert_eq!(
        wrong.unwrap_err().downcast::<MissingKey>().unwrap().count,
        4
    );
    let both = with_keys(&bridge, &[NEW, OLD]).sealer;
    key_rotation::check(&bridge.database.pool, &both)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_rotation_moves_every_secret_to_the_newest_key_while_the_service_works() {
    let bridge = Bridge::new().await;
    let pool = &bridge.database.pool;
    // More than one batch of each kind, each in its own location.
    for n in 0..250 {
        let location = LocationId(format!("location-{n}"));
        bridge.connect_to(&location).await;
    }
    bridge.simulation.ghl.set_burst_limit(Some(1_000_000));
    let both = with_keys(&bridge, &[NEW, OLD]);
    let service = App::new(&both, pool.clone(), bridge.clock.clone()).unwrap();
    let mut rotate = program(Some(&bridge));
    rotate
        .arg("rotate-keys")
        .env("ENCRYPTION_KEYS", keys_of(&[NEW, OLD]));
    let rotating = tokio::spawn(output(rotate));
    while !rotating.is_finished() {
        assert!(use_token(&service, &location()).await.unwrap());
        bridge.simulation.ghl.expire_access_tokens();
    }
    let (code, stdout, stderr) = rotating.await.unwrap();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("values are sealed with the newest key now"),
        "{stdout}"
    );
    let newest = with_keys(&bridge, &[NEW]);
    key_rotation::check(pool, &newest.sealer).await.unwrap();
    let alone = App::new(&newest, pool.clone(), bridge.clock.clone()).unwrap();
    assert!(use_token(&alone, &location()).await.unwrap());
    let again = key_rotation::rotate(pool, &newest.sealer).await.unwrap();
    assert_eq!(again, Rotation::default(), "nothing is left to do");
}

#[tokio::test]
async fn what_no_key_opens_is_counted_and_left_as_it_is() {
    let bridge = Bridge::new().await;
    let pool = &bridge.database.pool;
    sqlx::query("update numbers set access_token = set_byte(access_token, 20, get_byte(access_token, 20) # 1)")
        .execute(pool)
        .await
        .unwrap();
    let damaged = "select access_token from numbers";
    let before: Vec<u8> = sqlx::query_scalar(damaged).fetch_one(pool).await.unwrap();
    let rotation = key_rotation::rotate(pool, &with_keys(&bridge, &[NEW, OLD]).sealer)
        .await
        .unwrap();
    assert_eq!((rotation.resealed, rotation.unreadable), (3, 1));
    let after: Vec<u8> = sqlx::query_scalar(damaged).fetch_one(pool).await.unwrap();
    assert_eq!(before, after);
    let mut command = program(Some(&bridge));
    command
        .arg("rotate-keys")
        .env("ENCRYPTION_KEYS", keys_of(&[NEW, OLD]));
    assert_eq!(output(command).await.0, Some(1), "the old key must stay");
}

#[tokio::test]
async fn the_installs_command_shows_how_each_location_stands() {
    let bridge = Bridge::new().await;
    let empty = Bridge::bare().await;
    let list = |bridge: &Bridge| {
        let mut command = program(Some(bridge));
        command.arg("installs");
        output(command)
    };
    let (code, stdout, _) = list(&empty).await;
    assert_eq!(code, Some(0));
    assert!(
        stdout.contains("No location has installed the app"),
        "{stdout}"
    );
    bridge.agent_writes("hai").await;
    bridge.customer_writes("ya").await;
    bridge.settle().await;
    bridge
        .simulation
        .ghl
        .add_location(seed::COMPANY_ID, "Gone", "Kedai Dua");
    let event = bridge.simulation.ghl.install_event("Gone");
    bridge.simulation.ghl.posts_app_event(&event).await;
    bridge.settle().await;
    let (code, stdout, stderr) = list(&bridge).await;
    assert_eq!(code, Some(0), "{stderr}");
    let year = bridge.clock.now().year().to_string();
    let line = |id: &str| stdout.lines().find(|line| line.starts_with(id)).unwrap();
    let installed = line(seed::LOCATION_ID);
    for shown in [" installed ", "+60111234567", seed::COMPANY_ID] {
        assert!(installed.contains(shown), "{shown}: {stdout}");
    }
    assert_eq!(
        installed.matches(&year).count(),
        3,
        "token, last in, last out: {stdout}"
    );
    assert!(line("Gone").contains("not installed"), "{stdout}");
    let why = Reason::from(Wait::AgencyNotInstalled).english();
    assert!(stdout.contains(&why), "{stdout}");
    assert!(!stdout.contains("hai") && !stdout.contains(seed::ACCESS_TOKEN));
}
