//! Compares `docs/states.md` with the code.

use waapify_ghl::model::states::{EventState, InstallStatus, MediaState, MessageState};

use crate::drawing::transitions;
use crate::harness::TestDatabase;

#[tokio::test]
async fn a_change_of_state_that_is_not_drawn_is_refused_and_a_drawn_one_is_not() {
    let pool = TestDatabase::new().await.pool.clone();
    let insert = "insert into outbound (location_id, ghl_message_id, conversation, body, state, due_at, accepted_at)
        values ('l', 'm', 'c', '', 'sent', now(), now())";
    sqlx::query(insert).execute(&pool).await.unwrap();
    let change = async |state: &str| {
        let update = "update outbound set state = $1";
        sqlx::query(update).bind(state).execute(&pool).await
    };
    let refused = change("accepted").await.unwrap_err().to_string();
    assert!(refused.contains("draws no sent --> accepted"), "{refused}");
    change("delivered").await.unwrap();
}

#[test]
fn the_diagrams_show_the_states_that_there_are() {
    let all = |states: &[&'static str]| states.to_vec();
    let messages = |left_out: &[MessageState]| -> Vec<&str> {
        let states = MessageState::ALL
            .iter()
            .filter(|one| !left_out.contains(one));
        states.map(|one| one.as_str()).collect()
    };
    let outbound = messages(&[MessageState::Posted, MessageState::Held]);
    let inbound = ["accepted", "posted", "held", "failed", "ignored"];
    let events: Vec<_> = EventState::ALL.iter().map(|one| one.as_str()).collect();
    let media: Vec<_> = MediaState::ALL.iter().map(|one| one.as_str()).collect();
    let installs: Vec<_> = InstallStatus::ALL.iter().map(|one| one.as_str()).collect();
    for (heading, mut states) in [
        ("Outbound message", outbound),
        ("Inbound message", all(&inbound)),
        ("Waapify event", all(&["accepted", "done", "failed"])),
        ("GHL app event", events),
        ("Inbound media", media),
        ("Install status", installs),
    ] {
        let mut drawn: Vec<_> = transitions(heading)
            .into_iter()
            .flat_map(|(from, to)| [from, to])
            .filter(|state| *state != "[*]")
            .collect();
        drawn.sort_unstable();
        drawn.dedup();
        states.sort_unstable();
        assert_eq!(drawn, states, "{heading}");
    }
}
