//! What a person reads: a table of messages and their texts.

use super::*;

/// The hint to open the phone.
pub(super) const PHONE: &str = " — open WhatsApp on the phone to see it";

/// `~` in a line means the hint to open the phone.
pub(super) fn check(cases: &[(Value, &str)]) {
    for (message, line) in cases {
        let line = line.replace('~', PHONE);
        assert_eq!(shown(message).as_deref(), Some(line.as_str()), "{message}");
    }
}

#[test]
fn every_file_has_a_line() {
    check(&[
        (json!({"imageMessage": {}}), "[Image~]"),
        (
            json!({"imageMessage": {"caption": "my receipt"}}),
            "[Image~] my receipt",
        ),
        (json!({"conversation": "", "imageMessage": {}}), "[Image~]"),
        (
            json!({"videoMessage": {"gifPlayback": false, "seconds": 65}}),
            "[Video 1:05~]",
        ),
        (json!({"videoMessage": {"gifPlayback": true}}), "[GIF~]"),
        (
            json!({"ptvMessage": {"seconds": "5"}}),
            "[Video note 0:05~]",
        ),
        (
            json!({"audioMessage": {"ptt": true, "seconds": 12}}),
            "[Voice message 0:12~]",
        ),
        (
            json!({"audioMessage": {"seconds": 3723}}),
            "[Audio 1:02:03~]",
        ),
        (json!({"audioMessage": {"seconds": 0}}), "[Audio~]"),
        (
            json!({"audioMessage": {"contextInfo": {"expiration": 0}}}),
            "[Audio~]",
        ),
        (json!({"audioMessage": {"seconds": 9e15}}), "[Audio~]"),
        (
            json!({"documentMessage": {"fileName": "IC.pdf", "caption": "mine"}}),
            "[Document: IC.pdf~] mine",
        ),
        (
            json!({"documentMessage": {"title": "IC"}}),
            "[Document: IC~]",
        ),
        (json!({"stickerMessage": {}}), "[Sticker~]"),
        (
            json!({"lottieStickerMessage": {"message": {"stickerMessage": {}}}}),
            "[Sticker~]",
        ),
        (
            json!({"stickerPackMessage": {"name": "Cats"}}),
            "[Sticker: Cats~]",
        ),
        (
            json!({"viewOnceMessageV2": {"message": {"imageMessage": {}}}}),
            "[Image, view once~]",
        ),
        (
            json!({"audioMessage": {"ptt": true, "viewOnce": true}}),
            "[Voice message, view once~]",
        ),
        (
            json!({"ephemeralMessage": {"message": {"imageMessage": {}}}}),
            "[Image — open WhatsApp on the phone to see it before it disappears]",
        ),
        (
            json!({"imageMessage": {"contextInfo": {"expiration": 604_800, "isForwarded": true}, "caption": "x"}}),
            "[Forwarded] [Image — open WhatsApp on the phone to see it before it disappears] x",
        ),
    ]);
}

#[test]
fn a_place_has_a_map_and_a_contact_has_numbers() {
    let card = |name: &str, rest: &str| {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\n{rest}\r\nEND:VCARD")
    };
    check(&[
        (
            json!({"locationMessage": {"degreesLatitude": 3.1578, "degreesLongitude": "101.7117", "name": "Shop", "address": "Jalan 1", "comment": "here"}}),
            "[Location: Shop] here\nJalan 1\nhttps://maps.google.com/?q=3.1578,101.7117",
        ),
        (
            json!({"locationMessage": {"degreesLatitude": -33, "degreesLongitude": 0, "address": "Jalan 1"}}),
            "[Location: Jalan 1]\nhttps://maps.google.com/?q=-33,0",
        ),
        (
            json!({"liveLocationMessage": {"degreesLatitude": 1.5, "degreesLongitude": 2.5, "caption": "coming"}}),
            "[Live location] coming\nhttps://maps.google.com/?q=1.5,2.5",
        ),
        (
            json!({"locationMessage": {"isLive": true}}),
            "[Live location~]",
        ),
        (
            json!({"locationMessage": {"degreesLatitude": 91, "degreesLongitude": 2}}),
            "[Location~]",
        ),
        (
            json!({"contactMessage": {"displayName": "Siti"}}),
            "[Contact card: Siti~]",
        ),
        (
            json!({"contactMessage": {"displayName": "x", "vcard": card("Siti \\, Contoh", "item1.TEL;waid=60131112222:+60 13-111 2222\r\nTEL;type=\"a:b\";waid=6014:\r\nitem2.EMAIL;type=INTERNET:siti@exam\r\n ple.com\r\nORG:Acme\\; Sons;Sales\r\nPHOTO;BASE64:AAAA")}}),
            "[Contact card: Siti , Contoh]\n+60 13-111 2222, +6014, siti@example.com, Acme; Sons, Sales",
        ),
        (
            json!({"contactsArrayMessage": {"displayName": "2 contacts", "contacts": [
                {"displayName": "x", "vcard": card("Siti", "TEL:+601")}, {"displayName": "Raj"}, null,
            ]}}),
            "[Contact card: 2 contacts]\nSiti, +601\nRaj",
        ),
    ]);
    let nine = "TEL:+60\r\nEMAIL:a@b\r\n".repeat(9);
    let ids = "TEL;waid=abc:\r\nTEL;waid=:\r\nORG:\r\nORG:Acme\r\nORG:Other";
    let (eight, mails) = (["+60"; 8].join(", "), ["a@b"; 8].join(", "));
    check(&[
        (
            json!({"contactMessage": {"vcard": card("Siti", &nine)}}),
            &format!("[Contact card: Siti]\n{eight}, {mails}"),
        ),
        (
            json!({"contactMessage": {"vcard": card("Siti", ids)}}),
            "[Contact card: Siti]\nAcme",
        ),
    ]);
    for (photo, line) in [
        (60_000, "[Contact card: Siti]\n+601"),
        (70_000, "[Contact card: Siti~]"),
    ] {
        let photo = format!("PHOTO:{}\r\nTEL:+601", "A".repeat(photo));
        let message = json!({"contactMessage": {"vcard": card("Siti", &photo)}});
        check(&[(message, line)]);
    }
    let many: Vec<Value> = (0..257)
        .map(|n| json!({"displayName": format!("c{n}")}))
        .collect();
    let text = shown(&json!({"contactsArrayMessage": {"contacts": many}})).unwrap();
    assert!(text.ends_with("c19\nand 237 more"), "{text}");
}

#[test]
fn what_is_sold_has_a_price() {
    check(&[
        (
            json!({"orderMessage": {"orderTitle": "Shop", "message": "please", "itemCount": 2, "totalAmount1000": "178000", "totalCurrencyCode": "MYR"}}),
            "[Order: Shop, 2 items, MYR 178.00~] please",
        ),
        (
            json!({"orderMessage": {"itemCount": 1, "totalAmount1000": {"low": 1005, "high": 0}}}),
            "[Order: 1 item, 1.005~]",
        ),
        (json!({"orderMessage": {}}), "[Order~]"),
        (
            json!({"orderMessage": {"itemCount": 0, "totalAmount1000": 0}}),
            "[Order: 0.00~]",
        ),
        (
            json!({"orderMessage": {"totalAmount1000": -1005}}),
            "[Order: -1.005~]",
        ),
        (
            json!({"productMessage": {"body": "this one", "product": {"title": "Cap", "currencyCode": "MYR", "priceAmount1000": 89900, "salePriceAmount1000": 0, "url": "https://x.my/cap"}}}),
            "[Product: Cap, MYR 89.90] this one\nhttps://x.my/cap",
        ),
        (
            json!({"productMessage": {"product": {"title": "Cap", "description": "red"}}}),
            "[Product: Cap~] red",
        ),
        (
            json!({"requestPaymentMessage": {"amount1000": 5000, "currencyCodeIso4217": "INR", "noteMessage": {"extendedTextMessage": {"text": "lunch"}}}}),
            "[Payment: INR 5.00~] lunch",
        ),
    ]);
}

#[test]
fn every_other_kind_has_a_line() {
    let options = json!([{"optionName": "Isnin"}, {"optionName": "Selasa"}]);
    check(&[
        (
            json!({"pollCreationMessageV2": {"name": "When?", "options": options}}),
            "[Poll: When?]\n- Isnin\n- Selasa",
        ),
        (
            json!({"pollCreationMessageV4": {"message": {"pollCreationMessage": {"name": "When?"}}}}),
            "[Poll: When?~]",
        ),
        (
            json!({"pollResultSnapshotMessage": {"name": "When?", "pollVotes": [{"optionName": "Isnin", "optionVoteCount": "3"}]}}),
            "[Poll: When?]\n- Isnin: 3",
        ),
        (json!({"pollUpdateMessage": {"vote": {}}}), "[Poll vote~]"),
        (
            json!({"groupInviteMessage": {"groupName": "Club", "caption": "join"}}),
            "[Group invitation: Club~] join",
        ),
        (
            json!({"newsletterAdminInviteMessage": {"newsletterName": "News"}}),
            "[Channel invitation: News~]",
        ),
        (
            json!({"reactionMessage": {"text": "👍", "key": {"id": "B"}}}),
            "[Reaction] 👍",
        ),
        (
            json!({"reactionMessage": {"text": "", "key": {"id": "B"}}}),
            "[Reaction removed]",
        ),
        (json!({"call": {"callKey": "x"}}), "[Call]"),
        (
            json!({"callLogMesssage": {"isVideo": true, "callOutcome": "MISSED"}}),
            "[Call: video, missed]",
        ),
        (
            json!({"callLogMesssage": {"callOutcome": 0, "durationSecs": "200"}}),
            "[Call: voice, 3:20]",
        ),
        (
            json!({"callLogMesssage": {"callOutcome": 2}}),
            "[Call: voice, failed]",
        ),
        (
            json!({"callLogMesssage": {"callOutcome": "REJECTED"}}),
            "[Call: voice, declined]",
        ),
        (
            json!({"scheduledCallCreationMessage": {"title": "Demo", "scheduledTimestampMs": "1767250707000"}}),
            "[Call: Demo, 2026-01-01 06:58 UTC]",
        ),
        (
            json!({"eventMessage": {"name": "Sale", "description": "all day", "startTime": "1767250707", "endTime": 1_767_254_307, "isCanceled": true,
                "location": {"name": "Shop", "degreesLatitude": 1, "degreesLongitude": 2}, "joinLink": "https://call.whatsapp.com/x"}}),
            "[Event: Sale, cancelled] all day\n2026-01-01 06:58 UTC to 2026-01-01 07:58 UTC\nShop\nhttps://maps.google.com/?q=1,2\nhttps://call.whatsapp.com/x",
        ),
        (
            json!({"encEventResponseMessage": {}}),
            "[Answer to an event~]",
        ),
        (
            json!({"requestPhoneNumberMessage": {}}),
            "[Asks for your phone number]",
        ),
        (
            json!({"interactiveResponseMessage": {"body": {"text": "Sent"}, "nativeFlowResponseMessage": {"name": "flow",
                "paramsJson": "{\"flow_token\":\"t\",\"name\":\"Ali\",\"days\":[\"Mon\",\"Tue\"],\"agree\":true,\"values\":{\"city\":\"KL\"}}"}}}),
            "[Form] Sent\nagree: yes\ndays: Mon, Tue\nname: Ali\ncity: KL",
        ),
        (
            json!({"interactiveResponseMessage": {"nativeFlowResponseMessage": {"name": "address_message",
                "paramsJson": {"a": {"b": {"c": "three deep", "d": {"e": "four"}}}}}}}),
            "[Form]\nc: three deep",
        ),
        (
            json!({"placeholderMessage": {"type": "MASK_LINKED_DEVICES"}}),
            "[Message~]",
        ),
        (json!({"someFutureMessage": {"foo": 1}}), "[Message~]"),
        (
            json!({"someFutureMessage": {"text": "words"}}),
            "[Message~] words",
        ),
    ]);
    let album = json!({"albumMessage": {"expectedImageCount": 2}});
    assert_eq!(shown(&album), None, "its pictures follow");
}

#[test]
fn nothing_a_person_wrote_is_cut_and_a_program_s_text_says_that_it_was() {
    let longest = "😀".repeat(65_536);
    assert_eq!(
        shown(&json!({"conversation": longest})),
        Some(longest.clone())
    );
    let text = shown(&json!({"conversation": format!("{longest}x")})).unwrap();
    let rest = text.strip_prefix(&longest).unwrap();
    assert_eq!(
        rest,
        "… [cut here: open WhatsApp on the phone to see the rest]"
    );
    for kept in [
        "@60111234567 tolong",
        "a\u{200F}b",
        "<script>x</script>",
        " a \n",
    ] {
        assert_eq!(shown(&json!({"conversation": kept})).as_deref(), Some(kept));
    }
}

#[test]
fn a_title_is_one_clean_line() {
    for (given, line) in [
        (
            "a\n[From an ad] b\u{0}\u{7}",
            "[Poll: a [From an ad] b~]".to_owned(),
        ),
        ("\u{202E}x\u{2066}", "[Poll: x~]".to_owned()),
        (
            &"a".repeat(1_000_000),
            format!("[Poll: {}…~]", "a".repeat(255)),
        ),
    ] {
        check(&[(json!({"pollCreationMessage": {"name": given}}), &line)]);
    }
    let blank = json!({"pollCreationMessage": {"name": "\u{202E}\u{200B}"}});
    check(&[(blank, "[Poll~]")]);
}

#[test]
fn what_cannot_be_decrypted_has_a_line_for_when_nothing_more_comes() {
    let mut item = item(&json!(null));
    item["messageStubType"] = json!(2);
    let line =
        |item: &Value| text_of(&message_of(event_of(&upsert(item))), None, FileFate::None).unwrap();
    assert_eq!(
        line(&item),
        format!("[Message that cannot be read here{PHONE}]")
    );
    item["key"]["isViewOnce"] = json!(true);
    assert_eq!(
        line(&item),
        format!("[Message that cannot be read here, view once{PHONE}]")
    );
}
