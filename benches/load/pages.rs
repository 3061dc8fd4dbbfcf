//! How long each page takes with 300 sub-accounts and a million messages of thirty days, a twentieth of which failed. The
//! hours are counted by the service itself, as after an upgrade; how long that takes is printed, too.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{AUTHORIZATION, COOKIE};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use waapify_ghl::clients;
use waapify_ghl::crypto::{Key, Sealer};
use waapify_ghl::runtime::clock::Clock;

use crate::client::Load;
use crate::service::{NOWHERE, Service, environment, free_address};
use crate::{Controls, execute, number};

const TOKEN: &str = "j7Rm2Vq9XsLw4TzKb8Hd";
/// Loads of each page that count; the first one does not.
const LOADS: usize = 21;
/// The goal.
const GOAL: Duration = Duration::from_millis(300);

/// Three hundred sub-accounts of ten agencies with a number each; a million messages both ways with their steps.
const FILL: [&str; 9] = [
    "insert into locations (location_id, company_id, installed_at, check_at)
     select 'loc' || n, 'agency' || n % 10, now() - interval '60 days', '2100-01-01' from generate_series(1, 300) n",
    "insert into account_names (owner_id, name)
     select 'loc' || n, 'Kedai ' || n from generate_series(1, 300) n
     union all select 'agency' || n, 'Agensi ' || n from generate_series(0, 9) n",
    "insert into tokens (owner_id, owner_kind, company_id, access_token, refresh_token, expires_at, refresh_at)
     select 'loc' || n, 'location', 'agency' || n % 10, ''::bytea, ''::bytea, '2100-01-01', '2100-01-01' from generate_series(1, 300) n",
    "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash, is_default,
         next_send_at, connected_at, hold_code)
     select 'loc' || n, (60110000000 + n)::text, 'i' || n, ''::bytea, ''::bytea, n::text::bytea, true, now(), now() - interval '60 days',
         case when n % 20 = 0 then 'link_lost' end
     from generate_series(1, 300) n",
    "insert into incidents (location_id, number, kind, since, last_seen_at)
     select 'loc' || n, (60110000000 + n)::text, 'link', now() - interval '3 hours', now()
     from generate_series(20, 300, 20) n",
    "insert into outbound (location_id, ghl_message_id, conversation, body, state, number, chat, parts, parts_sent, due_at,
         accepted_at, reason_code)
     select 'loc' || (1 + n % 300), 'm' || n, 'c' || n % 5000, '{}',
         case when n % 20 = 0 then 'failed' when n % 3 = 0 then 'delivered' else 'read' end,
         (60110000001 + n % 300)::text, (60120000000 + n % 5000)::text, 1, 1, now(), now() - interval '30 days' * (1 - n / 600000.0),
         case when n % 20 = 0 then (array['gateway_down', 'no_phone', 'text_not_taken', 'too_old'])[1 + n / 20 % 4] end
     from generate_series(1, 600000) n",
    "insert into inbound (location_id, number, wa_message_id, from_me, conversation, phone, sent_at, state, due_at, accepted_at)
     select 'loc' || (1 + n % 300), (60110000001 + n % 300)::text, 'w' || n, n % 2 = 0, (60120000000 + n % 5000)::text, (60120000000 + n % 5000)::text,
         now(), case when n % 2 = 0 then 'ignored' else 'posted' end, now(),
         now() - interval '30 days' * (1 - n / 400000.0)
     from generate_series(1, 400000) n",
    "insert into timeline (location_id, message_id, at, state, cause_code)
     select location_id, id, accepted_at + make_interval(secs => step * (1 + id % 40)), case step when 1 then 'sent' else state end,
         reason_code
     from outbound cross join generate_series(1, 2) step
     union all
     select location_id, id, accepted_at + interval '1 second' * (id % 20), state, null from inbound",
    "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
     select 'loc' || (20 * (1 + n % 15)), 'wait' || n, 'c' || n % 500, '{}', '2100-01-01', now() from generate_series(1, 15000) n",
];

const PAGES: [&str; 22] = [
    "/operator",
    "/operator?period=month",
    "/operator?period=year",
    "/operator/locations",
    "/operator/locations?troubled=1",
    "/operator/locations?agency=agency3",
    "/operator/locations?find=kedai+2",
    "/operator/locations/loc7",
    "/operator/locations/loc7?period=year",
    "/operator/locations/loc7/messages",
    "/operator/numbers",
    "/operator/numbers?held=1",
    "/operator/failures",
    "/operator/failures?reason=gateway_down&since=24h",
    "/operator/failures?agency=agency3&since=7d",
    "/operator/replay?reason=gateway_down&since=24h",
    "/operator/queues?queue=outbound&state=accepted",
    "/operator/agencies",
    "/operator/audit",
    "/operator/search?q=kedai+2",
    "/operator/search?q=gateway",
    "/operator/messages/500000",
];
/// The pages inside GHL.
const INSIDE: [&str; 4] = ["", "?period=year", "/messages", "/messages?state=failed"];

pub async fn run(stage: &Controls) {
    let url = stage.database("pages").await;
    let (address, key) = (free_address(), Load::new().public_key());
    let mut settings = environment(&url, address, &key, NOWHERE);
    settings.push(("ADMIN_TOKEN", TOKEN.to_owned()));
    // The first start makes the schema.
    drop(Service::start_with(address, settings.clone()).await);
    let mut database = PgConnection::connect(&url).await.unwrap();
    let sealed = sealer().seal("nowhere", &String::new().into());
    let hex = sealed
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    for sql in FILL {
        // The service starts only where it has the key of every secret.
        let sql = sql.replace("''::bytea", &format!("'\\x{hex}'::bytea"));
        execute(&mut database, &sql).await;
    }
    execute(&mut database, "vacuum analyze").await;
    let (service, _) = Service::start_with(address, settings).await;
    wait_for_counts(&mut database).await;
    println!(
        "\nPages with 300 sub-accounts and a million messages: median and longest of {LOADS} loads"
    );
    let bearer = (AUTHORIZATION, format!("Bearer {TOKEN}"));
    for page in PAGES {
        measure(&service, page, &bearer).await;
    }
    let cookie = (COOKIE, session("loc7"));
    for page in INSIDE {
        measure(&service, &format!("/app/bench{page}"), &cookie).await;
    }
}

async fn wait_for_counts(database: &mut PgConnection) {
    let begin = Instant::now();
    let left = "select count(*) from (select location_id from locations union all select '') l
        where not exists (select 1 from hour_count_turns t where t.location_id = l.location_id and t.counted_at is not null)";
    while number(database, left).await > 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let hours = number(database, "select count(*) from hour_counts").await;
    println!(
        "\ncounted by hour after {:.0} s: {hours} rows",
        begin.elapsed().as_secs_f64()
    );
}

/// With the benchmark's key.
fn sealer() -> Sealer {
    let key = Key::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    Sealer::new(key.unwrap(), vec![])
}

/// The cookie of an admin inside GHL, sealed as the service seals it with the benchmark's key.
fn session(location: &str) -> String {
    let end = Clock::system().now().unix_timestamp() + 3_000;
    let session = json!({
        "holder": {"Location": location}, "csrf": "x", "path": "/app/bench", "end": end, "may_change": true,
    });
    let sealed = sealer().seal("http/session", &session.to_string().into());
    format!("session={}", URL_SAFE_NO_PAD.encode(sealed))
}

async fn measure(service: &Service, page: &str, proof: &(reqwest::header::HeaderName, String)) {
    let http = clients::http_client().unwrap();
    let url = format!("http://{}{page}", service.address);
    let mut times = Vec::new();
    let mut size = 0;
    for _ in 0..=LOADS {
        let begin = Instant::now();
        let request = http.get(&url).header(proof.0.clone(), &proof.1);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        size = answer.bytes().await.unwrap().len();
        times.push(begin.elapsed());
        assert!(status.is_success(), "{page}: {status}");
    }
    times.remove(0);
    times.sort_unstable();
    let (median, longest) = (times[LOADS / 2], times[LOADS - 1]);
    let mark = if median < GOAL { "" } else { "  over the goal" };
    println!(
        "{:>8.1} ms {:>8.1} ms {:>7} kB  {page}{mark}",
        median.as_secs_f64() * 1000.0,
        longest.as_secs_f64() * 1000.0,
        size / 1024
    );
}
