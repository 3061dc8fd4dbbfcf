//! Edits in an unusual order: before the message that they change, and back to earlier words.

use super::*;

const EDIT: &str = "> Saya nak 2 meja\n[Edited] Saya nak 20 meja";

#[tokio::test]
async fn an_edit_that_comes_before_its_original_is_shown_once_the_original_is_there() {
    for is_repeated in [false, true] {
        let bridge = Bridge::new().await;
        posts_file(&bridge, "edit-encrypted.json").await;
        assert!(bridge.posted().is_empty(), "it waits");
        posts_file(&bridge, "edit-encrypted-original.json").await;
        if is_repeated {
            posts_file(&bridge, "edit-encrypted.json").await;
            posts_file(&bridge, "edit-encrypted-original.json").await;
            posts(&bridge, &decrypted_edit()).await;
        }
        bridge.after(EDIT_WAIT).await;
        assert_eq!(texts(&bridge), ["Saya nak 2 meja", EDIT]);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn also_after_the_line_that_stood_for_it_was_shown() {
    let bridge = Bridge::new().await;
    posts_file(&bridge, "edit-encrypted.json").await;
    bridge.after(Duration::minutes(10)).await;
    assert_eq!(texts(&bridge), [LINE]);
    for _ in 0..2 {
        posts_file(&bridge, "edit-encrypted-original.json").await;
        bridge.after(EDIT_WAIT).await;
    }
    assert_eq!(texts(&bridge), [LINE, "Saya nak 2 meja", EDIT]);
}

#[tokio::test]
async fn also_where_one_body_has_both_in_the_wrong_order() {
    let bridge = Bridge::new().await;
    let mut body = field("edit-encrypted.json");
    let original = field("edit-encrypted-original.json");
    let first = &original["data"]["messages"][0];
    let list = body["data"]["messages"].as_array_mut().unwrap();
    list.push(first.clone());
    posts(&bridge, &body).await;
    bridge.after(EDIT_WAIT).await;
    assert_eq!(texts(&bridge), ["Saya nak 2 meja", EDIT]);
}

#[tokio::test]
async fn an_edit_before_the_original_of_somebody_else_opens_nothing() {
    let bridge = Bridge::new().await;
    posts_file(&bridge, "edit-encrypted.json").await;
    let mut original = field("edit-encrypted-original.json");
    original["data"]["messages"][0]["key"]["fromMe"] = json!(true);
    posts(&bridge, &original).await;
    bridge.after(EDIT_WAIT).await;
    let shown = texts(&bridge);
    assert!(shown.iter().any(|text| text.ends_with(LINE)), "{shown:?}");
    assert!(!shown.iter().any(|text| text.contains("20 meja")));
}

#[tokio::test]
async fn a_secret_beside_the_message_opens_its_edit() {
    let bridge = Bridge::new().await;
    let mut original = field("edit-encrypted-original.json");
    let item = &mut original["data"]["messages"][0];
    let message = item["message"].as_object_mut().unwrap();
    item["messageContextInfo"] = message.remove("messageContextInfo").unwrap();
    posts(&bridge, &original).await;
    posts_file(&bridge, "edit-encrypted.json").await;
    assert_eq!(texts(&bridge), ["Saya nak 2 meja", EDIT]);
}

/// The last word of each text that was shown.
fn last_words(bridge: &Bridge) -> Vec<String> {
    let word = |text: &String| text.rsplit(' ').next().unwrap().to_owned();
    texts(bridge).iter().map(word).collect()
}

/// An update that says when the edit was made, in seconds.
fn dated(words: &str, at: i64) -> Value {
    let mut body = edit(None, words);
    body["data"][0]["update"]["messageTimestamp"] = json!(at);
    body
}

#[tokio::test]
async fn an_edit_back_that_only_updates_announce_is_a_line() {
    for minutes in [1, 5] {
        let bridge = Bridge::new().await;
        posts_file(&bridge, "edit-encrypted-original.json").await;
        for words in ["satu", "dua", "satu", "dua"] {
            posts(&bridge, &edit(None, words)).await;
            bridge.after(Duration::minutes(minutes)).await;
        }
        assert_eq!(last_words(&bridge), ["meja", "satu", "dua", "satu", "dua"]);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn an_update_that_comes_again_is_no_edit_back() {
    let bridge = Bridge::new().await;
    posts_file(&bridge, "edit-encrypted-original.json").await;
    let now = bridge.clock.now().unix_timestamp();
    let all = [("satu", 0), ("dua", 60), ("satu", 120)];
    for _ in 0..2 {
        for (words, seconds) in all {
            posts(&bridge, &dated(words, now + seconds)).await;
        }
        bridge.after(Duration::minutes(4)).await;
    }
    assert_eq!(last_words(&bridge), ["meja", "satu", "dua", "satu"]);
    // An event that is read again, because a process ended, is read with the time of its arrival.
    let again = "insert into waapify_events (location_id, number, body, due_at, received_at)
        select location_id, number, body, received_at, received_at from waapify_events order by id";
    sqlx::query(again)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.after(EDIT_WAIT).await;
    assert_eq!(last_words(&bridge).len(), 4);
    // No phone edits what is older than a quarter of an hour.
    bridge.after(Duration::hours(1)).await;
    posts(&bridge, &edit(None, "dua")).await;
    bridge.after(EDIT_WAIT).await;
    assert_eq!(last_words(&bridge).len(), 4);
}

#[tokio::test]
async fn an_edit_back_in_both_forms_is_one_line_whichever_comes_first() {
    for is_update_first in [true, false] {
        let bridge = Bridge::new().await;
        posts_file(&bridge, "edit-encrypted-original.json").await;
        for (id, words) in [("E1", "satu"), ("E2", "dua"), ("E3", "satu"), ("E4", "dua")] {
            let mut forms = [edit(Some(id), words), edit(None, words)];
            if is_update_first {
                forms.reverse();
            }
            for _ in 0..2 {
                for form in &forms {
                    posts(&bridge, form).await;
                }
            }
            bridge.after(Duration::seconds(20)).await;
        }
        let expected = ["meja", "satu", "dua", "satu", "dua"];
        assert_eq!(last_words(&bridge), expected, "{is_update_first}");
        bridge.database.pool.close().await;
    }
}
