//! The commands `messages list`, `show` and `replay`: what an operator sees of a message, and how a failed one is
//! sent again, once, and never by mistake.

use serde_json::{Value, json};
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::db::views::messages::MessageRow;
use waapify_ghl::db::views::search;
use waapify_ghl::db::views::search::Search;
use waapify_ghl::model::reason::{Reason, Step};

use crate::attachment_sources::Storage;
use crate::commands::{output, program};
use crate::harness::{Bridge, OUTAGE};

pub const INBOUND: &str = "POST /conversations/messages/inbound";
const STATUS: &str = "PUT /conversations/messages/{id}/status";
/// The gateway's text for a message that it never accepts.
const UNSUPPORTED: &str = "\n\n{\"status\":\"error\",\"message\":\"Message type not supported\"}";
/// Real processes use the real time, which is ahead of a bridge's clock.
pub const A_WHILE: Duration = Duration::minutes(10);

/// Runs `messages`. Returns exit code, standard output and standard error.
pub async fn messages(bridge: &Bridge, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = program(Some(bridge));
    command.arg("messages").args(arguments);
    output(command).await
}

/// The newest messages, as an operator lists them.
pub async fn newest(pool: &Pool, limit: i64) -> Vec<MessageRow> {
    let all = Search::default();
    let scope = search::find_scope(pool, &all).await.unwrap();
    let listed = search::list_messages(pool, &scope, &all, None, limit).await;
    listed.unwrap()
}

/// Replays a message that may already have arrived.
pub async fn replay_anyway(bridge: &Bridge, number: &str) {
    let (code, _, stderr) = messages(bridge, &["replay", "--yes", number]).await;
    assert_eq!(code, Some(0), "{stderr}");
}

/// The service's number of the message with this id of GHL or WhatsApp.
pub async fn number_of(bridge: &Bridge, vendors_id: &str) -> String {
    let id: i64 = sqlx::query_scalar(
        "select id from outbound where ghl_message_id = $1
         union all select id from inbound where wa_message_id = $1",
    )
    .bind(vendors_id)
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap();
    id.to_string()
}

/// The statuses that GHL was given.
fn told(bridge: &Bridge) -> Vec<Value> {
    let seen = bridge.simulation.ghl.faults().seen_at(STATUS);
    seen.into_iter()
        .map(|seen| seen.body["status"].clone())
        .collect()
}

/// Sets the fault of the next send.
fn gateway(bridge: &Bridge, fault: Fault) {
    bridge.simulation.waapify.faults().push("send.php", fault);
}

/// A message that failed because no number was connected. A number is connected now.
async fn failed_unconnected(text: &str) -> (Bridge, String) {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let id = bridge.agent_writes(text).await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "failed");
    bridge.connect().await;
    (bridge, id)
}

#[tokio::test]
async fn list_shows_how_messages_stand_but_neither_texts_nor_numbers() {
    let bridge = Bridge::new().await;
    let sent = bridge.agent_writes("rahsia satu").await;
    let failed = bridge
        .agent_sends(seed::NOMBOR_SALAH.0, "rahsia dua", &[])
        .await;
    bridge.settle().await;
    let reply = bridge.customer_writes("rahsia tiga").await;
    bridge.settle().await;
    let (code, stdout, stderr) = messages(&bridge, &["list"]).await;
    assert_eq!(code, Some(0), "{stderr}");
    let lines: Vec<Vec<_>> = stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let numbers = [&reply, &failed, &sent];
    for (line, id) in lines[1..].iter().zip(numbers) {
        assert_eq!(line[0], number_of(&bridge, id).await, "newest first");
        let location = format!("({})", seed::LOCATION_ID);
        assert!(line.contains(&location.as_str()), "{line:?}");
    }
    assert_eq!(lines.len(), 4, "a header, and no echo of ours: {stdout}");
    assert_eq!(lines[1][1..3], ["in", "posted"]);
    assert_eq!(lines[2][1..3], ["out", "failed"]);
    assert_eq!(lines[2].last(), Some(&"invalid_phone"));
    assert_eq!(lines[3][1..3], ["out", "sent"]);
    assert!(lines[1].contains(&"…6789") && lines[3].contains(&"…6789"));
    for private in ["rahsia", "23456789"] {
        assert!(!stdout.contains(private) && !stderr.contains(private));
    }
    // People read a name on their terminal; the log has none.
    assert!(!stderr.contains(seed::AISYAH.1));
    let only = |arguments: &'static [&str]| messages(&bridge, arguments);
    let (_, stdout, _) = only(&["list", "--failed"]).await;
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
    assert!(stdout.contains("invalid_phone"), "{stdout}");
    let (_, stdout, _) = only(&["list", "--limit", "1", "--location", seed::LOCATION_ID]).await;
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
    assert!(stdout.contains("posted"), "{stdout}");
    let (code, stdout, stderr) = only(&["list", "--location", "another"]).await;
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    let (code, stdout, _) = only(&["list", "--reason", "lost"]).await;
    assert_eq!((code, stdout.as_str()), (Some(0), "No such message.\n"));
}

#[tokio::test]
async fn show_says_what_a_message_is_and_each_of_its_steps_once() {
    let bridge = Bridge::new().await;
    gateway(&bridge, Fault::answer(200, OUTAGE));
    let id = bridge.agent_writes("rahsia").await;
    bridge.settle().await;
    bridge.after(Duration::seconds(10)).await;
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.settle().await;
    let number = number_of(&bridge, &id).await;
    let (code, stdout, stderr) = messages(&bridge, &["show", &number]).await;
    assert_eq!(code, Some(0), "{stderr}");
    let wa_id = &bridge.simulation.waapify.chat(seed::AISYAH.2)[0].id;
    for shown in [
        id.as_str(),
        wa_id,
        "from GHL to WhatsApp",
        "1 of 1 sent",
        "…6789",
        "+60111234567",
        "Cannot connect to server",
    ] {
        assert!(stdout.contains(shown), "{shown}: {stdout}");
    }
    let came = Reason::from(Step::GhlDelivered).english();
    assert_eq!(stdout.matches(&came).count(), 1, "{stdout}");
    assert_eq!(
        steps(&stdout),
        "accepted sending accepted sending sent delivered"
    );
    assert!(!stdout.contains("rahsia") && !stdout.contains("60123456789"));

    let reply = bridge.customer_writes("rahsia").await;
    bridge.settle().await;
    let number = number_of(&bridge, &reply).await;
    let (_, stdout, _) = messages(&bridge, &["show", &number]).await;
    assert!(
        stdout.contains("from WhatsApp to GHL") && stdout.contains(&reply),
        "{stdout}"
    );
    assert_eq!(steps(&stdout), "accepted posted");
    assert!(!stdout.contains("rahsia") && !stdout.contains("60123456789"));
}

/// The states in a printed timeline.
fn steps(shown: &str) -> String {
    let timeline = shown.lines().skip_while(|line| !line.starts_with("WHEN"));
    let states = timeline.skip(1).map(|line| line.split_whitespace().nth(2));
    states.flatten().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_failure_that_never_left_is_sent_once_and_ghl_learns_of_its_statuses() {
    let (bridge, id) = failed_unconnected("hai").await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(bridge.ghl_status(&id), "failed");
    let number = number_of(&bridge, &id).await;
    let (code, stdout, stderr) = messages(&bridge, &["replay", &number, &number]).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, format!("{number}: back in the queue\n"));
    bridge.after(A_WHILE).await;
    let (_, _, stderr) = messages(&bridge, &["replay", &number]).await;
    assert!(stderr.contains("has not failed (sent)"), "{stderr}");
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .customer_reads(seed::AISYAH.2)
        .await;
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
    assert_eq!(told(&bridge), ["failed", "delivered", "read"]);
    assert_eq!(bridge.ghl_status(&id), "read");
    let (_, stdout, _) = messages(&bridge, &["show", &number]).await;
    let replayed = Reason::from(Step::Replayed).english();
    assert!(stdout.contains(&replayed), "{stdout}");
}

#[tokio::test]
async fn ghl_is_not_told_of_a_failure_that_was_replayed_in_time() {
    let (bridge, id) = failed_unconnected("hai").await;
    let number = number_of(&bridge, &id).await;
    assert_eq!(messages(&bridge, &["replay", &number]).await.0, Some(0));
    bridge.after(A_WHILE).await;
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.after(A_WHILE).await;
    assert_eq!(told(&bridge), ["delivered"]);
}

#[tokio::test]
async fn replayed_messages_go_before_what_waits_in_the_order_they_came() {
    let (bridge, first) = failed_unconnected("satu").await;
    // Without a country code no number can be reached; the message is in another conversation.
    let hopeless = bridge.agent_sends(seed::NOMBOR_SALAH.0, "tiada", &[]).await;
    bridge.settle().await;
    bridge.agent_writes("dua").await;
    let (earlier, later) = (
        number_of(&bridge, &first).await,
        number_of(&bridge, &hopeless).await,
    );
    let (code, stdout, stderr) = messages(&bridge, &["replay", &later, &earlier]).await;
    assert_eq!(code, Some(0), "{stderr}");
    let expected = format!("{earlier}: back in the queue\n{later}: back in the queue\n");
    assert_eq!(stdout, expected);
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.texts_on_phone(), ["satu", "dua"]);
    assert_eq!(
        bridge.state(&hopeless).await,
        "failed",
        "for the same reason"
    );
}

#[tokio::test]
async fn what_may_have_arrived_is_sent_again_only_after_a_yes() {
    let bridge = Bridge::new().await;
    let id = bridge.agents_unconfirmed().await;
    let number = number_of(&bridge, &id).await;
    let (code, stdout, stderr) = messages(&bridge, &["replay", &number]).await;
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(
        stderr.contains("It may have arrived") && stderr.contains("--yes"),
        "{stderr}"
    );
    let (state, reason) = bridge.outbound(&id).await;
    assert_eq!(
        (state.as_str(), reason.as_deref()),
        ("failed", Some("unconfirmed"))
    );
    replay_anyway(&bridge, &number).await;
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn of_a_message_in_parts_only_the_rest_goes_again() {
    let bridge = Bridge::new().await;
    let storage = Storage::of_a_shop().await;
    let id = bridge
        .agent_sends(seed::AISYAH.0, "fail", &[&storage.url("/menu.pdf")])
        .await;
    // The text is sent; the file is not.
    gateway(&bridge, Fault::Slow(std::time::Duration::ZERO));
    gateway(&bridge, Fault::answer(200, UNSUPPORTED));
    bridge.after(Duration::seconds(1)).await;
    assert_eq!(bridge.state(&id).await, "failed");
    let number = number_of(&bridge, &id).await;
    let (code, _, stderr) = messages(&bridge, &["replay", &number]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("1 of its parts already left"), "{stderr}");
    replay_anyway(&bridge, &number).await;
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.state(&id).await, "sent");
    let kinds: Vec<_> = bridge
        .sends()
        .iter()
        .map(|query| query["type"].clone())
        .collect();
    assert_eq!(kinds, ["text", "media", "media"]);
}

#[tokio::test]
async fn what_whatsapp_refused_leaves_anew_and_the_old_refusal_does_not_end_it() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let refused = bridge.simulation.waapify.chat(seed::AISYAH.2)[0].id.clone();
    let refusal = json!({"status": 0, "messageStubParameters": ["463"]});
    bridge.whatsapp_reports(&refused, refusal.clone()).await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "failed");
    let number = number_of(&bridge, &id).await;
    let (code, _, stderr) = messages(&bridge, &["replay", &number]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("WhatsApp refused"), "{stderr}");
    replay_anyway(&bridge, &number).await;
    bridge.whatsapp_reports(&refused, refusal).await;
    gateway(&bridge, Fault::answer(200, UNSUPPORTED));
    bridge.after(A_WHILE).await;
    let rejected = ("failed".to_owned(), Some("rejected".to_owned()));
    assert_eq!(bridge.outbound(&id).await, rejected, "by the gateway now");
    let (code, _, stderr) = messages(&bridge, &["replay", &number]).await;
    assert_eq!(code, Some(1), "once in doubt, always in doubt");
    assert!(stderr.contains("It may have arrived"), "{stderr}");
    replay_anyway(&bridge, &number).await;
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.state(&id).await, "sent");
    let again = bridge.simulation.waapify.chat(seed::AISYAH.2)[1].id.clone();
    bridge.whatsapp_reports(&again, json!({"status": 3})).await;
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.ghl_status(&id), "delivered");
    let (_, stdout, _) = messages(&bridge, &["show", &number]).await;
    let refused = format!("{refused}, refused (code 463)");
    let again = format!("{again}, part 1, delivered");
    assert!(
        stdout.contains(&refused) && stdout.contains(&again),
        "{stdout}"
    );
}

#[tokio::test]
async fn nothing_of_an_uninstalled_location_is_replayed_before_it_is_back() {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.expire_access_tokens();
    bridge.simulation.ghl.revoke_refresh_tokens();
    let id = bridge.customer_writes("hai").await;
    bridge.settle().await;
    let (_, reason, _) = bridge.inbound(&id).await.unwrap();
    assert_eq!(reason.as_deref(), Some("needs_reinstall"));
    let event = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    assert_eq!(
        bridge.simulation.ghl.posts_app_event(&event).await,
        Some(200)
    );
    bridge.settle().await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "failed");
    let number = number_of(&bridge, &id).await;
    let (code, _, stderr) = messages(&bridge, &["replay", "--yes", &number]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("uninstalled"), "{stderr}");
    bridge.install().await;
    let (code, _, stderr) = messages(&bridge, &["replay", &number]).await;
    assert_eq!(code, Some(0), "it only waited for a token: {stderr}");
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.conversation(), ["hai"]);
}

#[tokio::test]
async fn what_is_no_failure_or_no_message_is_refused_with_the_reason() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    let waiting = number_of(&bridge, &id).await;
    let (_, _, stderr) = messages(&bridge, &["replay", &waiting]).await;
    assert!(stderr.contains("on its way already (accepted)"), "{stderr}");
    let (code, _, stderr) = messages(&bridge, &["replay", "987654", "--yes"]).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("987654: not replayed: no message has this number"),
        "{stderr}"
    );
    let (code, _, stderr) = messages(&bridge, &["show", "987654"]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("987654"), "{stderr}");
    for wrong in [&["show", "x"][..], &["replay"], &["list", "--limit", "0"]] {
        assert_eq!(messages(&bridge, wrong).await.0, Some(2), "{wrong:?}");
    }
    bridge.settle().await;
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
}
