//! Every file of the corpus becomes what its index says.

use serde_json::{Value, json};
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::model::opt_out::{OptOutWord, OptOutWords};

use super::{PUT, file, program, puts, says, slow, told};
use crate::harness::Bridge;
use crate::people::add;

#[tokio::test]
async fn every_file_of_the_corpus_becomes_what_its_index_says() {
    let index = file("index.json");
    for entry in index.as_array().unwrap() {
        let name = entry["file"].as_str().unwrap();
        match name {
            "dnd_put_active.json" | "dnd_put_inactive.json" => both_puts_are_these_files().await,
            "dnd_contact_answer.json" => start_lifts_nothing_that_a_person_set().await,
            "dnd_webhook_active.json" => the_event_ends_what_no_person_wrote().await,
            "optout_words.json" => every_text_means_what_it_is(file(name)).await,
            other => panic!("nothing is done with {other}"),
        }
    }
    assert_eq!(index.as_array().unwrap().len(), 5);
}

async fn both_puts_are_these_files() {
    let bridge = Bridge::new().await;
    says(&bridge, "STOP").await;
    says(&bridge, "START").await;
    assert_eq!(
        puts(&bridge),
        [file("dnd_put_active.json"), file("dnd_put_inactive.json")]
    );
    let seen = bridge.simulation.ghl.faults().seen_at(PUT);
    assert!(seen.iter().all(|seen| seen.path.ends_with(seed::AISYAH.0)));
}

async fn start_lifts_nothing_that_a_person_set() {
    let bridge = Bridge::new().await;
    let mut answer = file("dnd_contact_answer.json");
    answer["contact"]["id"] = json!(seed::AISYAH.0);
    let answer = answer.to_string();
    let faults = bridge.simulation.ghl.faults();
    faults.always("GET /contacts/{id}", Fault::answer(200, &answer));
    says(&bridge, "STOP").await;
    says(&bridge, "START").await;
    assert!(puts(&bridge).is_empty());
    let id = program(&bridge, seed::AISYAH.0, "tawaran", "workflow", "").await;
    bridge.settle().await;
    assert_eq!(
        bridge.outbound(&id).await,
        told("dnd_set"),
        "a person's word stands"
    );
}

async fn the_event_ends_what_no_person_wrote() {
    let bridge = slow().await;
    let (aisyah, _, _) = seed::AISYAH;
    let campaign = program(&bridge, aisyah, "tawaran", "bulk_actions", "").await;
    let person = bridge.agent_writes("saya sendiri").await;
    let mut event = file("dnd_webhook_active.json");
    for (field, ours) in [
        ("locationId", json!(seed::LOCATION_ID)),
        ("id", json!(aisyah)),
    ] {
        event[field] = ours;
    }
    bridge.simulation.ghl.posts_app_event(&event).await;
    bridge.settle().await;
    assert_eq!(bridge.outbound(&campaign).await, told("dnd_set"));
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(bridge.ghl_error(&campaign).0, "opted_out");
    assert_eq!(bridge.state(&person).await, "sent");
}

async fn every_text_means_what_it_is(texts: Value) {
    let bridge = Bridge::new().await;
    let words = OptOutWords::default();
    let mut customers = Vec::new();
    for (n, case) in texts.as_array().unwrap().iter().enumerate() {
        let (text, is) = (case["text"].as_str().unwrap(), case["is"].as_str().unwrap());
        let said = words.judge(text).map_or("none", OptOutWord::as_str);
        assert_eq!(said, is, "{text:?}");
        let phone = format!("+6012333{:04}", n + 1);
        let contact = add(&bridge, "Pelanggan", &phone);
        bridge
            .simulation
            .waapify
            .customer_sends(&phone, "Pelanggan", text)
            .await;
        customers.push((text, is, contact));
    }
    bridge.settle().await;
    for (text, is, contact) in customers {
        let is_set = bridge.simulation.ghl.dnd(&contact).is_some();
        assert_eq!(is_set, is == "stop", "{text:?}");
        let shown = bridge.simulation.ghl.messages_with(&contact).len();
        assert_eq!(
            shown,
            usize::from(!text.is_empty()),
            "posted as any message: {text:?}"
        );
    }
}
