//! Which phone a number means, depending on the country of the location's own WhatsApp number.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

use crate::workers::outbound::plan::{Country, Plan, country_of, plan};

fn read(phone: &Value, country: Option<Country>) -> Result<String, &'static str> {
    let body = json!({"contactId": "c", "locationId": "l", "messageId": "m", "type": "SMS", "phone": phone, "message": "x"});
    match plan(&serde_json::to_vec(&body).unwrap(), country, None) {
        Plan::Send { chat, .. } => Ok(chat),
        Plan::Fail(failure) => Err(failure.error_code()),
        other @ Plan::Ask(_) => panic!("{other:?}"),
    }
}

fn in_malaysia(phone: &str) -> Result<String, &'static str> {
    read(&json!(phone), Some(Country::MY))
}

#[test]
fn a_number_with_its_plus_is_what_it_says_wherever_it_is_written() {
    for (phone, digits) in [
        ("+60123456789", "60123456789"),
        ("+60 12-345 6789", "60123456789"),
        ("+65 9123 4567", "6591234567"),
        (" +1 (202) 555-0123 ", "12025550123"),
        ("tel:+60-12-345-6789", "60123456789"),
        ("\u{ff0b}６０１２３４５６７８９", "60123456789"),
        ("+٦٠١٢٣٤٥٦٧٨٩", "60123456789"),
        ("+55 11 91234-5678", "5511912345678"),
        ("+39 06 6982 1234", "390669821234"),
        ("+60 (0)12-345 6789", "60123456789"),
        ("+60999999999999", "60999999999999"),
    ] {
        for country in [None, Some(Country::MY), Some(Country::US)] {
            assert_eq!(
                read(&json!(phone), country).as_deref(),
                Ok(digits),
                "{phone}"
            );
        }
    }
}

#[test]
fn a_national_number_is_one_of_the_locations_country() {
    for (country, phone, digits) in [
        (Country::MY, "0123456789", "60123456789"),
        (Country::MY, "012-345 6789", "60123456789"),
        (Country::MY, "(012) 345.6789", "60123456789"),
        (Country::MY, "011-1234 5678", "601112345678"),
        (Country::MY, "03-2161 1234", "60321611234"),
        (Country::MY, "٠١٢٣٤٥٦٧٨٩", "60123456789"),
        (Country::SG, "9123 4567", "6591234567"),
        (Country::ID, "0812-3456-7890", "6281234567890"),
        (Country::US, "(202) 456-1111", "12024561111"),
        (Country::US, "1 202 456 1111", "12024561111"),
        (Country::GB, "07400 123456", "447400123456"),
        (Country::BR, "(11) 91234-5678", "5511912345678"),
    ] {
        assert_eq!(
            read(&json!(phone), Some(country)).as_deref(),
            Ok(digits),
            "{phone}"
        );
    }
}

#[test]
fn digits_alone_mean_abroad_only_where_they_mean_nothing_at_home() {
    assert_eq!(in_malaysia("60123456789").as_deref(), Ok("60123456789"));
    assert_eq!(
        read(&json!(60_123_456_789_u64), Some(Country::MY)).as_deref(),
        Ok("60123456789")
    );
    assert_eq!(in_malaysia("6591234567").as_deref(), Ok("6591234567"));
    assert_eq!(
        in_malaysia("0060 12 345 6789").as_deref(),
        Ok("60123456789")
    );
    assert_eq!(in_malaysia("006591234567").as_deref(), Ok("6591234567"));
    let us = |phone: &str| read(&json!(phone), Some(Country::US));
    assert_eq!(us("60123456789").as_deref(), Ok("60123456789"));
    assert_eq!(us("011 60 12 345 6789"), Err("invalid_phone"));
    // This could also be a number in New Zealand; at home it is a customer in Minneapolis.
    assert_eq!(us("6122345678").as_deref(), Ok("16122345678"));
}

#[test]
fn a_number_that_could_be_anybodys_is_not_sent_to() {
    for phone in [
        json!("012345"),
        json!("0123456789012345"),
        json!("00123456789"),
        json!("999"),
        json!("12345678"),
        json!("+0123456789"),
        json!("+60"),
        json!("+601234567890123456"),
        json!("+999999999999"),
        json!("abc"),
        json!("0800-KEDAI"),
        json!("011234567a"),
    ] {
        assert_eq!(
            read(&phone, Some(Country::MY)),
            Err("invalid_phone"),
            "{phone}"
        );
    }
    for phone in ["0123456789", "60123456789", "012-345 6789"] {
        assert_eq!(
            read(&json!(phone), None),
            Err("invalid_phone"),
            "{phone}: nobody says where"
        );
    }
    for phone in [
        json!(null),
        json!(""),
        json!("  "),
        json!([]),
        json!("tel:"),
    ] {
        assert_eq!(read(&phone, Some(Country::MY)), Err("no_phone"), "{phone}");
    }
}

#[test]
fn an_extension_is_refused_and_said() {
    for phone in [
        "+60321611234;ext=12",
        "+60 3-2161 1234 ext. 12",
        "03-2161 1234 x12",
        "+60321611234,,12#",
        "tel:+60321611234;ext=12",
    ] {
        assert_eq!(in_malaysia(phone), Err("invalid_phone"), "{phone}");
    }
}

#[test]
fn a_locations_country_is_that_of_its_number_even_where_countries_share_a_code() {
    for (number, country) in [
        ("60123456789", Some(Country::MY)),
        ("60111234567", Some(Country::MY)),
        ("6591234567", Some(Country::SG)),
        ("12024561111", Some(Country::US)),
        ("16137827274", Some(Country::CA)),
        ("13459492311", Some(Country::KY)),
        ("79161234567", Some(Country::RU)),
        ("77011234567", Some(Country::KZ)),
        ("447400123456", Some(Country::GB)),
        ("12025550123", Some(Country::US)),
        ("15550000000", Some(Country::US)),
        ("0", None),
        ("999999999", None),
        ("", None),
    ] {
        assert_eq!(country_of(number), country, "{number}");
    }
}

proptest! {
    #[test]
    fn no_phone_makes_the_reader_panic(phone: String, is_known in any::<bool>()) {
        let chat = read(&json!(phone), is_known.then_some(Country::MY));
        if let Ok(chat) = chat {
            prop_assert!(chat.bytes().all(|byte| byte.is_ascii_digit()) && (7..=15).contains(&chat.len()));
        }
    }

    #[test]
    fn every_way_to_write_a_mobile_number_means_the_same_phone(number in 1_000_000_u32..9_999_999) {
        let national = format!("012{number}");
        let expected = format!("6012{number}");
        for written in [
            national.clone(),
            format!("{}-{} {}", &national[..3], &national[3..6], &national[6..]),
            format!("+{expected}"),
            format!("00{expected}"),
            expected.clone(),
        ] {
            prop_assert_eq!(in_malaysia(&written), Ok(expected.clone()), "{}", written);
        }
    }
}
