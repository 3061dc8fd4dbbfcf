//! `/metrics`: who may read it, that Prometheus can parse it, and that its values change when something happens.

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use simulators::{Fault, seed};
use waapify_ghl::db::history::incidents;
use waapify_ghl::db::history::incidents::About;
use waapify_ghl::db::views::queue_counts;
use waapify_ghl::db::views::queue_counts::MAX_COUNT;
use waapify_ghl::model::states::{IncidentKind, Queue};

use crate::harness::{Bridge, OUTAGE, location};

/// The service's own statement that counts the queues.
const QUEUES: &str = include_str!("../../src/db/views/queue_counts.sql");

pub const TOKEN: &str = "operators-token-of-the-tests";

/// A bridge with an operator's token, the app installed and a number connected.
pub async fn operated() -> Bridge {
    let bridge = Bridge::with(|environment| {
        environment.push(("ADMIN_TOKEN".to_owned(), TOKEN.to_owned()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    bridge
}

async fn scrape(bridge: &Bridge, authorization: Option<&str>) -> (StatusCode, String) {
    let mut request = bridge.http.get(format!("{}/metrics", bridge.address));
    if let Some(value) = authorization {
        request = request.header(AUTHORIZATION, value);
    }
    let answer = request.send().await.unwrap();
    if answer.status() == StatusCode::OK {
        let kind = answer.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    }
    (answer.status(), answer.text().await.unwrap())
}

/// The samples: names with labels, and values.
struct Samples(Vec<(String, f64)>);

impl Samples {
    /// Parses the format as strictly as Prometheus does: each sample is a name and a number and has a description,
    /// and the text ends with the end mark.
    fn parse(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("it is whole");
        let mut described = Vec::new();
        let mut samples = Vec::new();
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# ") {
                let name = rest.split(' ').nth(1).unwrap();
                described.push(name.to_owned());
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let is_described = described
                .iter()
                .any(|family| name.strip_prefix(family.as_str()).is_some_and(is_suffix));
            assert!(is_described, "{line}");
            samples.push((series.to_owned(), value.parse().expect(line)));
        }
        Self(samples)
    }

    fn get(&self, series: &str) -> f64 {
        let found = self.0.iter().find(|(name, _)| name == series);
        found.unwrap_or_else(|| panic!("{series}: {:?}", self.0)).1
    }
}

fn is_suffix(rest: &str) -> bool {
    ["", "_total", "_info", "_sum", "_count", "_bucket"].contains(&rest)
}

/// What the operator's Prometheus gets.
pub async fn scrape_text(bridge: &Bridge) -> String {
    let (status, text) = scrape(bridge, Some(&format!("Bearer {TOKEN}"))).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    text
}

async fn read(bridge: &Bridge) -> Samples {
    Samples::parse(&scrape_text(bridge).await)
}

#[tokio::test]
async fn it_is_off_without_a_token_and_closed_to_everyone_else() {
    let off = Bridge::bare().await;
    for authorization in [None, Some("Bearer "), Some("Bearer x")] {
        let (status, text) = scrape(&off, authorization).await;
        assert_eq!((status, text.as_str()), (StatusCode::NOT_FOUND, ""));
    }
    let bridge = operated().await;
    let almost = format!("Bearer {}", &TOKEN[1..]);
    let basic = format!("Basic {TOKEN}");
    for authorization in [
        None,
        Some("Bearer"),
        Some("Bearer wrong"),
        Some(almost.as_str()),
        Some(basic.as_str()),
    ] {
        let (status, text) = scrape(&bridge, authorization).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{authorization:?}");
        assert!(!text.contains("waapify_ghl_"), "{text}");
    }
    read(&bridge).await;
}

#[tokio::test]
async fn queues_fill_and_empty_and_ends_are_counted() {
    let bridge = operated().await;
    let waiting = "waapify_ghl_queue_length{queue=\"outbound\",state=\"accepted\"}";
    let age = "waapify_ghl_queue_oldest_seconds{queue=\"outbound\",state=\"accepted\"}";
    let sent = "waapify_ghl_messages_ended_total{direction=\"outbound\",end=\"sent\"}";
    assert!((read(&bridge).await.get(waiting) - 0.0).abs() < 0.1);
    bridge.agent_writes("hai").await;
    bridge.clock.advance(time::Duration::seconds(90));
    let samples = read(&bridge).await;
    assert!((samples.get(waiting) - 1.0).abs() < 0.1);
    assert!(
        (samples.get(age) - 90.0).abs() < 5.0,
        "{}",
        samples.get(age)
    );
    bridge.settle().await;
    let wrong = bridge.agent_sends(seed::NOMBOR_SALAH.0, "hai", &[]).await;
    bridge.settle().await;
    assert_eq!(bridge.state(&wrong).await, "failed");
    bridge.customer_writes("ya").await;
    bridge.settle().await;
    let samples = read(&bridge).await;
    for (series, value) in [
        (waiting, 0.0),
        (age, 0.0),
        (sent, 1.0),
        ("waapify_ghl_parts_sent_total", 1.0),
        (
            "waapify_ghl_outbound_failures_total{code=\"invalid_phone\"}",
            1.0,
        ),
        (
            "waapify_ghl_messages_ended_total{direction=\"inbound\",end=\"posted\"}",
            1.0,
        ),
        ("waapify_ghl_locations{standing=\"installed\"}", 1.0),
        ("waapify_ghl_numbers", 1.0),
        ("waapify_ghl_numbers_on_hold{kind=\"link_lost\"}", 0.0),
        ("waapify_ghl_numbers_on_hold{kind=\"other_number\"}", 0.0),
        ("waapify_ghl_database_up", 1.0),
    ] {
        assert!(
            (samples.get(series) - value).abs() < 0.1,
            "{series}: {}",
            samples.get(series)
        );
    }
    assert!(samples.get("process_resident_memory_bytes") > 1e6);
    assert!(samples.get("process_start_time_seconds") > 1e9);
    let version = format!(
        "waapify_ghl_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert!((samples.get(&version) - 1.0).abs() < 0.1);
}

#[tokio::test]
async fn a_lost_link_and_dead_tokens_show() {
    let bridge = operated().await;
    bridge.simulation.ghl.expire_access_tokens();
    bridge.simulation.ghl.revoke_refresh_tokens();
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    bridge.simulation.waapify.unlink().await;
    bridge.settle().await;
    let location = location();
    let about = About {
        location: &location,
        number: "",
        kind: IncidentKind::Silence,
    };
    incidents::open(&bridge.database.pool, about, None, None, bridge.clock.now())
        .await
        .unwrap();
    let samples = read(&bridge).await;
    for series in [
        "waapify_ghl_numbers_on_hold{kind=\"link_lost\"}",
        "waapify_ghl_troubles_open{kind=\"silence\"}",
        "waapify_ghl_locations{standing=\"needs_reinstall\"}",
        "waapify_ghl_tokens_in_trouble{owner=\"location\",trouble=\"needs_reinstall\"}",
        "waapify_ghl_queue_length{queue=\"inbound\",state=\"accepted\"}",
    ] {
        assert!((samples.get(series) - 1.0).abs() < 0.1, "{series}");
    }
}

#[tokio::test]
async fn nothing_in_it_names_a_location_a_number_or_a_customer() {
    let bridge = operated().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, OUTAGE));
    bridge.agent_writes("rahsia").await;
    bridge.customer_writes("rahsia").await;
    bridge.settle().await;
    let (_, text) = scrape(&bridge, Some(&format!("Bearer {TOKEN}"))).await;
    for private in [
        seed::LOCATION_ID,
        seed::COMPANY_ID,
        seed::NUMBER,
        seed::AISYAH.2,
        seed::INSTANCE_ID,
        "rahsia",
        TOKEN,
    ] {
        assert!(!text.contains(private), "{private}: {text}");
    }
}

#[tokio::test]
async fn without_its_database_it_says_so_and_the_rest() {
    let bridge = operated().await;
    sqlx::query("alter table outbound rename to elsewhere")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let samples = read(&bridge).await;
    assert!(samples.get("waapify_ghl_database_up").abs() < 0.1);
    assert!(samples.get("process_start_time_seconds") > 1e9);
    assert!(
        !samples
            .0
            .iter()
            .any(|(name, _)| name.contains("queue_length"))
    );
}

#[tokio::test]
async fn a_long_queue_is_counted_to_its_limit_along_an_index() {
    let bridge = operated().await;
    let pool = &bridge.database.pool;
    sqlx::query(
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, state)
         select 'many', 'm' || n, 'c' || n % 100, '{}', now(), now() - n * interval '1 second',
            case when n <= 30000 then 'sent' else 'accepted' end
         from generate_series(1, 45000) n",
    )
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("analyze outbound").execute(pool).await.unwrap();
    let counts = queue_counts::read_counts(pool).await.unwrap();
    let row = &counts.queues[0];
    assert_eq!((row.queue, row.count), (Queue::Outbound, MAX_COUNT));
    let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "explain {}",
        QUEUES.replace("$1", &MAX_COUNT.to_string())
    )))
    .fetch_all(pool)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(!plan.contains("Seq Scan on outbound"), "{plan}");
}
