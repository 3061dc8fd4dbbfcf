//! What accompanies the text of a message: quote, marks, ad, and what happened to the file.

use super::wording::{PHONE, check};
use super::*;

#[test]
fn what_is_answered_stands_before_the_answer() {
    let reply = |context: Value| json!({"extendedTextMessage": {"text": "yes\n<b>ok</b>", "contextInfo": context}});
    let quoting = |quoted: Value| reply(json!({"stanzaId": "B", "quotedMessage": quoted}));
    let answered = |line: &str| format!("> {line}\nyes\n<b>ok</b>");
    let long = "kata ".repeat(100);
    for (message, line) in [
        (
            quoting(json!({"conversation": "Which\none?"})),
            "Which one?",
        ),
        (
            quoting(json!({"conversation": long})),
            &format!("{}…", long[..79].trim()),
        ),
        (
            quoting(json!({"imageMessage": {"caption": "RM89"}})),
            "[Image] RM89",
        ),
        (
            quoting(json!({"audioMessage": {"ptt": true, "seconds": 12}})),
            "[Voice message 0:12]",
        ),
        (
            quoting(json!({"documentMessage": {"fileName": "IC.pdf"}})),
            "[Document: IC.pdf]",
        ),
        (
            quoting(json!({"ephemeralMessage": {"message": {"conversation": "a\u{202E}b"}}})),
            "ab",
        ),
        (
            reply(
                json!({"stanzaId": "B", "remoteJid": "status@broadcast", "quotedMessage": {"conversation": "Promo"}}),
            ),
            "[Status] Promo",
        ),
    ] {
        assert_eq!(shown(&message), Some(answered(line)), "{message}");
        let known = text_of(&said(&message), Some("what we know"), FileFate::None);
        assert_eq!(known, Some(answered(line)), "its own quote goes first");
        assert_eq!(said(&message).about.as_deref(), Some("B"));
    }
    let bare = said(&reply(json!({"stanzaId": "B"})));
    let with = |about| text_of(&bare, about, FileFate::None).unwrap();
    assert_eq!(with(None), "yes\n<b>ok</b>");
    assert_eq!(with(Some("Which\none?")), answered("Which one?"));
    assert_eq!(
        with(Some("> first\nsecond")),
        answered("second"),
        "no quote of a quote"
    );
    assert_eq!(with(Some("> only")), answered("> only"));
    assert_eq!(
        with(Some("[Image — open WhatsApp on the phone to see it] RM89")),
        answered("[Image] RM89")
    );
    assert_eq!(with(Some(" \n")), "yes\n<b>ok</b>");
    for (message, about) in [
        (
            json!({"reactionMessage": {"text": "👍", "key": {"id": "B"}}}),
            "> Pakej A\n[Reaction] 👍",
        ),
        (
            json!({"pollUpdateMessage": {"pollCreationMessageKey": {"id": "B"}}}),
            &format!("> Pakej A\n[Poll vote{PHONE}]"),
        ),
    ] {
        assert_eq!(said(&message).about.as_deref(), Some("B"));
        assert_eq!(
            text_of(&said(&message), Some("Pakej A"), FileFate::None).as_deref(),
            Some(about)
        );
    }
}

#[test]
fn marks_and_ads_stand_around_the_words() {
    let with =
        |context: Value| json!({"extendedTextMessage": {"text": "Hi", "contextInfo": context}});
    check(&[
        (with(json!({"isForwarded": true})), "[Forwarded] Hi"),
        (
            with(json!({"isForwarded": false, "expiration": 604_800})),
            "Hi",
        ),
        (
            with(json!({"mentionedJid": ["60111234567@s.whatsapp.net"]})),
            "Hi",
        ),
        (
            with(
                json!({"externalAdReply": {"sourceType": "ad", "title": "Promo\nRaya", "sourceId": "12", "ctwaClid": "AR-x_1", "sourceUrl": "https://fb.me/x"}}),
            ),
            "Hi\n[From an ad: Promo Raya, id 12, click AR-x_1] https://fb.me/x",
        ),
        (
            with(
                json!({"externalAdReply": {"sourceType": "ad", "sourceUrl": "javascript:alert(1)"}}),
            ),
            "Hi\n[From an ad]",
        ),
        (
            with(
                json!({"externalAdReply": {"title": "a bot's preview", "sourceUrl": "https://x"}}),
            ),
            "Hi",
        ),
        (
            json!({"extendedTextMessage": {"text": "", "contextInfo": {"externalAdReply": {"ctwaClid": "c"}}}}),
            "[From an ad: click c]",
        ),
    ]);
}

#[test]
fn a_groups_message_begins_with_its_speaker() {
    for (name, participant, words, expected) in [
        (
            Some("Aisyah"),
            "60123456789@s.whatsapp.net",
            Some("hai"),
            "[Aisyah]\nhai",
        ),
        (Some("Aisyah"), "112233445566778@lid", None, "[Aisyah]"),
        (
            None,
            "60123456789@s.whatsapp.net",
            Some("> ya\nhai"),
            "[…6789]\n> ya\nhai",
        ),
        (None, "112233445566778@lid", Some("hai"), "[Someone]\nhai"),
    ] {
        let key = json!({"remoteJid": "1@g.us", "participant": participant});
        let mut item = item_with_key(&key);
        item["pushName"] = json!(name);
        let message = message_of(event_of(&upsert(&item)));
        assert_eq!(group_text(&message, words), expected);
    }
}

#[test]
fn a_file_s_fate_decides_what_is_said_of_it() {
    let caption = json!({"imageMessage": {"caption": "my receipt"}});
    let bare = json!({"audioMessage": {"ptt": true, "seconds": 12}});
    let once = json!({"viewOnceMessage": {"message": bare}});
    let text = json!({"conversation": "hi"});
    let (linked, missing) = (
        FileFate::Linked("https://f/1"),
        FileFate::Missing("WhatsApp no longer has it"),
    );
    for (message, fate, line) in [
        (&caption, FileFate::Attached, Some("my receipt")),
        (&caption, linked, Some("[Image] my receipt\nhttps://f/1")),
        (
            &caption,
            missing,
            Some("[Image — WhatsApp no longer has it] my receipt"),
        ),
        (&bare, FileFate::Attached, None),
        (&bare, linked, Some("[Voice message 0:12]\nhttps://f/1")),
        (&once, FileFate::Attached, Some("[View once]")),
        (
            &once,
            linked,
            Some("[Voice message 0:12, view once]\nhttps://f/1"),
        ),
        (&text, FileFate::Attached, Some("hi")),
        (&text, linked, Some("hi")),
        (&text, missing, Some("hi")),
    ] {
        assert_eq!(
            text_of(&said(message), None, fate).as_deref(),
            line,
            "{message} {fate:?}"
        );
    }
    let reply = json!({"imageMessage": {"contextInfo": {"stanzaId": "B", "quotedMessage": {"conversation": "Which?"}}}});
    assert_eq!(
        text_of(&said(&reply), None, FileFate::Attached).as_deref(),
        Some("> Which?")
    );
}
