//! What the monitor finds: each incident opens once and is resolved; and what is no incident.

use std::sync::Arc;

use rustix::process::Signal;
use simulators::{DefaultProvider, Fault, seed};
use time::Duration;
use waapify_ghl::app::App;
use waapify_ghl::db::history::incidents;
use waapify_ghl::db::history::incidents::Incident;
use waapify_ghl::doctor::{PERSISTS, REGISTERED, State};
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::reason::{Answer, Reason};
use waapify_ghl::model::states::IncidentKind;
use waapify_ghl::runtime::clock::Clock;
use waapify_ghl::workers::monitor::Monitor;
use waapify_ghl::{doctor, workers};

use crate::commands::Serving;
use crate::doctor::complete;
use crate::harness::{Bridge, location, settings, wait};

/// Longer than the pause between two checks of a location.
const LATER: Duration = Duration::minutes(20);
const CHANNELS: &str = "GET /locations/{id}/conversationChannels/SMS";
const UNLINKED: &str = r#"{"status":"error","message":"Relogin required"}"#;

/// Lets the monitor of a process check what is due. Returns the number of locations.
pub async fn look(app: &App) -> usize {
    let watch = Arc::new(Monitor(Arc::clone(&app.context)));
    workers::step(&watch).await.unwrap()
}

pub async fn look_later(bridge: &Bridge) {
    bridge.clock.advance(LATER);
    assert_eq!(look(&bridge.app).await, 1);
}

async fn open(bridge: &Bridge) -> Vec<Incident> {
    incidents::list_open(&bridge.database.pool, &location())
        .await
        .unwrap()
}

/// Kinds and details of the open incidents.
pub async fn wrong(bridge: &Bridge) -> Vec<(IncidentKind, String)> {
    let open = open(bridge).await.into_iter();
    open.map(|trouble| (trouble.kind, trouble.detail.unwrap_or_default()))
        .collect()
}

/// How many incidents of a kind are open, and how many there were in all.
async fn counts(bridge: &Bridge, kind: IncidentKind) -> (i64, i64) {
    let pool = &bridge.database.pool;
    let of = |counted: Vec<(IncidentKind, i64)>| {
        assert_eq!(
            counted.len(),
            IncidentKind::ALL.len(),
            "kinds without any too"
        );
        counted.into_iter().find(|(of, _)| *of == kind).unwrap().1
    };
    (
        of(incidents::count_open(pool).await.unwrap()),
        of(incidents::count_begun(pool).await.unwrap()),
    )
}

/// A set-up that a message each way has proven.
async fn proven() -> Bridge {
    let bridge = complete().await;
    bridge.customer_writes("hai").await;
    bridge.agent_writes("apa khabar").await;
    bridge.settle().await;
    bridge
}

/// Sends while no webhook address is set at the gateway.
async fn send_unheard(bridge: &Bridge) {
    bridge.clock.advance(Duration::SECOND);
    bridge.simulation.waapify.set_webhook(None);
    bridge.agent_writes("hai").await;
    bridge.settle().await;
}

#[tokio::test]
async fn a_switched_provider_is_noticed_once_and_its_end_too() {
    let bridge = proven().await;
    look_later(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
    let ghl = &bridge.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Twilio);
    look_later(&bridge).await;
    let begun = open(&bridge).await.remove(0);
    look_later(&bridge).await;
    let still = open(&bridge).await.remove(0);
    assert_eq!(
        (still.kind, still.detail.unwrap()),
        (IncidentKind::Provider, "Twilio".to_owned())
    );
    assert_eq!((still.id, still.since), (begun.id, begun.since));
    assert!(still.last_seen_at > begun.last_seen_at);
    assert_eq!(counts(&bridge, IncidentKind::Provider).await, (1, 1));
    let told = doctor::describe(&begun);
    assert_eq!((told.check, told.state), ("provider", State::Bad));
    assert!(told.what.english.contains("Twilio") && told.todo.is_some());
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    look_later(&bridge).await;
    look_later(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
    assert_eq!(counts(&bridge, IncidentKind::Provider).await, (0, 1));
}

#[tokio::test]
async fn a_trouble_is_in_the_log_once_at_its_beginning_and_once_at_its_end() {
    let bridge = complete().await;
    let faults = bridge.simulation.waapify.faults();
    faults.always("reconnect.php", Fault::answer(200, UNLINKED));
    let serving = Serving::start(&bridge).await;
    let looks = async || faults.count("reconnect.php");
    for _ in 0..2 {
        let before = looks().await;
        sqlx::query("update locations set check_at = now()")
            .execute(&bridge.database.pool)
            .await
            .unwrap();
        wait("it is looked at", async || looks().await > before).await;
        wait("it is noticed", async || {
            counts(&bridge, IncidentKind::Link).await == (1, 1)
        })
        .await;
    }
    faults.clear();
    sqlx::query("update locations set check_at = now()")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    wait("it ends", async || {
        counts(&bridge, IncidentKind::Link).await == (0, 1)
    })
    .await;
    serving.signal(Signal::TERM);
    let (_, log) = serving.ended().await;
    assert_eq!(log.matches("a trouble began").count(), 1, "{log}");
    assert_eq!(log.matches("a trouble ended").count(), 1, "{log}");
    assert!(
        log.contains(seed::LOCATION_ID) && !log.contains(seed::NUMBER),
        "{log}"
    );
}

#[tokio::test]
async fn a_provider_that_was_never_ours_is_no_trouble_yet() {
    let bridge = complete().await;
    let ghl = &bridge.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::NotConfigured);
    look_later(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
}

#[tokio::test]
async fn an_unlinked_number_is_noticed_at_once_and_ends_when_it_is_linked() {
    let bridge = complete().await;
    look_later(&bridge).await;
    bridge.simulation.waapify.unlink().await;
    bridge.after(Duration::MINUTE).await;
    assert_eq!(look(&bridge.app).await, 1, "its gateway said so");
    let trouble = open(&bridge).await.remove(0);
    assert_eq!(
        (trouble.kind, trouble.number.as_str()),
        (IncidentKind::Link, seed::NUMBER)
    );
    let told = doctor::describe(&trouble);
    assert!(told.todo.unwrap().english.contains("scan the QR code"));
    bridge.simulation.waapify.link().await;
    bridge.after(Duration::MINUTE).await;
    assert_eq!(look(&bridge.app).await, 1);
    assert_eq!(counts(&bridge, IncidentKind::Link).await, (0, 1));
}

#[tokio::test]
async fn a_link_that_came_back_unheard_lets_waiting_messages_go() {
    let bridge = complete().await;
    let faults = bridge.simulation.waapify.faults();
    faults.always("send.php", Fault::answer(200, UNLINKED));
    faults.always("reconnect.php", Fault::answer(200, UNLINKED));
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    look_later(&bridge).await;
    assert_eq!(
        wrong(&bridge).await,
        [(IncidentKind::Link, "unlinked".to_owned())]
    );
    faults.clear();
    look_later(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn refused_keys_and_another_phone_are_troubles_of_the_link() {
    let bridge = complete().await;
    let faults = bridge.simulation.waapify.faults();
    for (answer, code) in [
        (
            r#"{"status":"error","message":"Access token does not exist"}"#,
            "credentials",
        ),
        (
            r#"{"status":"success","data":{"id":"60198887777:3@s.whatsapp.net"}}"#,
            "other_number",
        ),
    ] {
        faults.push("reconnect.php", Fault::answer(200, answer));
        look_later(&bridge).await;
        assert_eq!(
            wrong(&bridge).await,
            [(IncidentKind::Link, code.to_owned())]
        );
        let told = doctor::describe(&open(&bridge).await[0]);
        assert!(told.why.is_some() && !told.what.english.contains("60198887777"));
    }
    assert_eq!(
        counts(&bridge, IncidentKind::Link).await,
        (1, 1),
        "one trouble, whatever its cause"
    );
}

#[tokio::test]
async fn a_silent_gateway_is_told_our_address_again_and_ends_with_its_next_report() {
    let bridge = complete().await;
    send_unheard(&bridge).await;
    look_later(&bridge).await;
    assert_eq!(
        wrong(&bridge).await,
        [(IncidentKind::Silence, REGISTERED.to_owned())]
    );
    assert!(bridge.simulation.waapify.webhook().is_some(), "told again");
    look_later(&bridge).await;
    assert_eq!(
        wrong(&bridge).await,
        [(IncidentKind::Silence, REGISTERED.to_owned())],
        "nothing new was sent"
    );
    bridge.customer_writes("apa khabar").await;
    look_later(&bridge).await;
    assert_eq!(counts(&bridge, IncidentKind::Silence).await, (0, 1));
}

#[tokio::test]
async fn a_silence_that_persists_is_said_to() {
    let bridge = complete().await;
    for detail in [REGISTERED, PERSISTS, PERSISTS] {
        // Each time another tool takes the webhook.
        send_unheard(&bridge).await;
        look_later(&bridge).await;
        assert_eq!(
            wrong(&bridge).await,
            [(IncidentKind::Silence, detail.to_owned())]
        );
    }
    assert_eq!(counts(&bridge, IncidentKind::Silence).await, (1, 1));
    let told = doctor::describe(&open(&bridge).await[0]);
    assert!(told.what.english.contains("has reported nothing"));
    bridge.clock.advance(Duration::SECOND);
    bridge.connect().await;
    look_later(&bridge).await;
    assert_eq!(wrong(&bridge).await, [], "connected anew, it begins anew");
}

#[tokio::test]
async fn a_location_that_needs_a_new_install_is_noticed_until_it_has_one() {
    let bridge = complete().await;
    bridge.simulation.ghl.revoke_refresh_tokens();
    bridge.after(Duration::days(2)).await;
    assert_eq!(look(&bridge.app).await, 1);
    let trouble = open(&bridge).await.remove(0);
    assert_eq!(trouble.kind, IncidentKind::Reinstall);
    assert!(matches!(
        trouble.reason,
        Some(Reason::Answer(Answer::Ghl {
            status: 400..500,
            ..
        }))
    ));
    bridge.install().await;
    look_later(&bridge).await;
    assert_eq!(counts(&bridge, IncidentKind::Reinstall).await, (0, 1));
}

#[tokio::test]
async fn vendors_that_are_down_are_no_trouble_of_a_location_and_end_none() {
    let bridge = proven().await;
    let (ghl, waapify) = (
        bridge.simulation.ghl.faults(),
        bridge.simulation.waapify.faults(),
    );
    ghl.always(CHANNELS, Fault::answer(503, "{}"));
    waapify.always("reconnect.php", Fault::answer(502, "<html>"));
    look_later(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
    waapify.clear();
    waapify.push("reconnect.php", Fault::answer(200, UNLINKED));
    look_later(&bridge).await;
    waapify.always("reconnect.php", Fault::answer(502, "<html>"));
    look_later(&bridge).await;
    assert_eq!(
        wrong(&bridge).await,
        [(IncidentKind::Link, "unlinked".to_owned())]
    );
}

#[tokio::test]
async fn a_trouble_ends_with_its_number_and_with_the_install() {
    let bridge = complete().await;
    let faults = bridge.simulation.waapify.faults();
    faults.push("reconnect.php", Fault::answer(200, UNLINKED));
    look_later(&bridge).await;
    sqlx::query("update numbers set webhook_secret = null")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    look_later(&bridge).await;
    assert_eq!(counts(&bridge, IncidentKind::Link).await, (0, 1));
    bridge.connect().await;
    faults.push("reconnect.php", Fault::answer(200, UNLINKED));
    look_later(&bridge).await;
    assert_eq!(counts(&bridge, IncidentKind::Link).await, (1, 2));
    let mut connection = bridge.database.pool.acquire().await.unwrap();
    let now = bridge.clock.now();
    waapify_ghl::db::accounts::uninstalls::uninstall_location(
        &mut connection,
        &location(),
        None,
        None,
        now,
    )
    .await
    .unwrap();
    assert_eq!(counts(&bridge, IncidentKind::Link).await, (0, 2));
    bridge.clock.advance(LATER);
    assert_eq!(look(&bridge.app).await, 0, "nobody looks at it any more");
}

#[tokio::test]
async fn two_processes_look_at_a_location_once() {
    let bridge = complete().await;
    let pool = bridge.database.pool.clone();
    let clock: Clock = bridge.clock.clone();
    let other = App::new(&settings(&bridge.environment), pool, clock).unwrap();
    bridge.clock.advance(LATER);
    let (first, second) = tokio::join!(look(&bridge.app), look(&other));
    assert_eq!(first + second, 1);
    assert_eq!(bridge.simulation.ghl.faults().count(CHANNELS), 1);
    // When the lease of a killed process ends, another process takes over.
    bridge.clock.advance(LATER);
    let (now, lease) = (bridge.clock.now(), Duration::minutes(5));
    let killed = incidents::claim_due_locations(&bridge.database.pool, now, lease, 9)
        .await
        .unwrap();
    assert_eq!((killed.len(), look(&bridge.app).await), (1, 0));
    bridge.clock.advance(lease);
    assert_eq!(look(&bridge.app).await, 1);
    let stale = bridge.clock.now();
    incidents::schedule_next_check(&bridge.database.pool, &killed[0], stale)
        .await
        .unwrap();
    assert_eq!(
        look(&bridge.app).await,
        0,
        "the killed one's word comes too late"
    );
}

#[tokio::test]
async fn a_slow_location_holds_up_no_other() {
    let bridge = complete().await;
    let other = LocationId::from("another-location");
    bridge.connect_to(&other).await;
    let faults = bridge.simulation.waapify.faults();
    faults.push(
        "reconnect.php",
        Fault::Hang(std::time::Duration::from_hours(1)),
    );
    faults.always("reconnect.php", Fault::answer(200, UNLINKED));
    bridge.clock.advance(LATER);
    let app = bridge.app.clone();
    let looking = tokio::spawn(async move { look(&app).await });
    wait("the other one is looked at", async || {
        counts(&bridge, IncidentKind::Link).await == (1, 1)
    })
    .await;
    assert!(!looking.is_finished(), "the first one still waits");
    looking.abort();
}
