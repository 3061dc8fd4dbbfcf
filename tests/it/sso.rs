//! The user of a page inside GHL: which payloads the shared secret opens, and which are refused. Also encrypts
//! payloads as GHL does, for the tests of the page.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockEncryptMut, KeyIvInit};
use md5::{Digest, Md5};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};
use simulators::seed;
use waapify_ghl::crypto::{SsoError, SsoUser, open_user};

use crate::harness::payload;

const SECRET: &str = "a shared secret";

fn open(secret: &str, payload: &str) -> Result<SsoUser, SsoError> {
    open_user(&SecretString::from(secret), payload)
}

/// Encrypts a text as GHL does, which is the method of OpenSSL's `enc -aes-256-cbc -md md5`.
pub fn encrypted(secret: &str, plain: &[u8]) -> String {
    let salt: [u8; 8] = rand::random();
    let mut stream = Vec::new();
    let mut last: Vec<u8> = Vec::new();
    while stream.len() < 48 {
        let digest = Md5::new().chain_update(&last).chain_update(secret);
        last = digest.chain_update(salt).finalize().to_vec();
        stream.extend_from_slice(&last);
    }
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&stream[..32], &stream[32..]).unwrap();
    let mut buffer = [plain, &[0; 16]].concat();
    let encrypted = cipher.encrypt_padded_mut::<Pkcs7>(&mut buffer, plain.len());
    STANDARD.encode([b"Salted__".as_slice(), &salt, encrypted.unwrap()].concat())
}

/// A user of a sub-account.
pub fn user_of(location: &str) -> Value {
    json!({"userId": "u1", "companyId": seed::COMPANY_ID, "role": "admin", "type": "location", "activeLocation": location, "userName": "Ali", "email": "ali@example.com"})
}

#[test]
fn every_vector_opens_as_it_says_or_is_refused() {
    let vectors: Vec<Value> = serde_json::from_slice(&payload("ghl/sso/vectors.json")).unwrap();
    assert_eq!(vectors.len(), 5);
    for vector in &vectors {
        let text = |field: &str| vector[field].as_str().unwrap();
        let opened = open(text("sharedSecret"), text("payload"));
        let Some(plain) = vector.get("plain") else {
            assert!(opened.is_err(), "{vector}");
            continue;
        };
        let user = opened.unwrap();
        assert_eq!(user.user_id, plain["userId"]);
        assert_eq!(user.company.as_str(), plain["companyId"]);
        let location = user
            .active_location
            .as_ref()
            .map(waapify_ghl::model::ids::LocationId::as_str);
        assert_eq!(location, plain["activeLocation"].as_str());
        let salt = u64::from_be_bytes(user.salt);
        assert_eq!(format!("{salt:016x}"), vector["salt"]);
    }
}

#[test]
fn what_is_not_encrypted_is_refused() {
    let plain = user_of("l1").to_string();
    for payload in [
        plain.clone(),
        STANDARD.encode(&plain),
        STANDARD.encode("Salted__"),
        STANDARD.encode("Salted__1234567"),
        "U2FsdGVkX18".to_owned(),
        "null".to_owned(),
        "☺".to_owned(),
    ] {
        assert_eq!(
            open(SECRET, &payload),
            Err(SsoError::NotEncrypted),
            "{payload}"
        );
    }
    assert_eq!(open(SECRET, ""), Err(SsoError::Size));
    let long = encrypted(SECRET, &b" ".repeat(8 * 1024));
    assert_eq!(open(SECRET, &long), Err(SsoError::Size));
    let none_inside = STANDARD.encode("Salted__12345678");
    assert_eq!(open(SECRET, &none_inside), Err(SsoError::NotOurs));
    let no_blocks = STANDARD.encode("Salted__12345678and then some");
    assert_eq!(open(SECRET, &no_blocks), Err(SsoError::NotOurs));
}

#[test]
fn another_secret_and_a_changed_byte_open_nothing_of_use() {
    let good = encrypted(SECRET, user_of("l1").to_string().as_bytes());
    assert!(open(SECRET, &good).is_ok());
    assert!(open("another secret", &good).is_err());
    assert!(open("", &good).is_err());
    let bytes = STANDARD.decode(&good).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        match open(SECRET, &STANDARD.encode(&changed)) {
            // Without a MAC a change inside a text is not noticed; the payload still has the salt of the original.
            Ok(user) => assert_eq!(user.salt[..], bytes[8..16], "{at}"),
            Err(error) => assert_ne!(error, SsoError::Size, "{at}"),
        }
    }
    for end in 0..bytes.len() {
        assert!(
            open(SECRET, &STANDARD.encode(&bytes[..end])).is_err(),
            "{end}"
        );
    }
}

/// A user with one field changed; null removes the field.
fn with(field: &str, value: Value) -> String {
    let mut user = user_of("l1");
    if value.is_null() {
        user.as_object_mut().unwrap().remove(field);
    } else {
        user[field] = value;
    }
    encrypted(SECRET, user.to_string().as_bytes())
}

#[test]
fn what_opens_and_is_no_user_as_ghl_writes_one_is_refused() {
    for inside in [
        "",
        "null",
        "[]",
        "{}",
        "\"u1\"",
        "{\"userId\":",
        "{\"userId\":\"a\",\"userId\":\"b\",\"companyId\":\"c\",\"role\":\"r\",\"type\":\"agency\"}",
    ] {
        let opened = open(SECRET, &encrypted(SECRET, inside.as_bytes()));
        assert_eq!(opened, Err(SsoError::NotAUser), "{inside}");
    }
    for (field, value) in [
        ("userId", Value::Null),
        ("userId", json!("")),
        ("userId", json!(7)),
        ("userId", json!("a\u{0}b")),
        ("userId", json!("x".repeat(129))),
        ("companyId", json!({"$ne": ""})),
        ("activeLocation", json!(["l1"])),
        ("activeLocation", json!("l\n1")),
    ] {
        let opened = open(SECRET, &with(field, value.clone()));
        assert_eq!(opened, Err(SsoError::NotAUser), "{field}: {value}");
    }
    // A user without an agency is told so, by the salt once.
    for value in [Value::Null, json!("")] {
        let opened = open(SECRET, &with("companyId", value.clone()));
        assert!(matches!(opened, Err(SsoError::NoAgency { .. })), "{value}");
    }
}

#[test]
fn fields_that_ghl_adds_now_and_then_do_not_matter() {
    for (field, value) in [
        ("isAgencyOwner", json!(true)),
        ("versionId", json!("v")),
        ("appStatus", json!({"any": "thing"})),
        ("userName", Value::Null),
        ("userName", json!("阿里 👋")),
        ("userName", json!(1)),
        ("email", json!("x".repeat(513))),
        ("role", Value::Null),
        ("role", json!(["admin", "user"])),
        ("type", Value::Null),
        ("type", json!("a\nb")),
        ("type", json!(7)),
    ] {
        assert!(open(SECRET, &with(field, value)).is_ok(), "{field}");
    }
    let agency = json!({"userId": "u1", "companyId": "c1", "role": "admin", "type": "agency", "activeLocation": "l2"});
    let user = open(SECRET, &encrypted(SECRET, agency.to_string().as_bytes())).unwrap();
    assert_eq!(user.active_location.unwrap().as_str(), "l2");
    assert!(user.is_agency_admin);
    for other in [
        with("type", json!("account")),
        with("type", json!("AGENCY2")),
        encrypted(
            SECRET,
            agency.to_string().replace("admin", "user").as_bytes(),
        ),
    ] {
        assert!(!open(SECRET, &other).unwrap().is_agency_admin);
    }
    for none in [Value::Null, json!("")] {
        let user = open(SECRET, &with("activeLocation", none)).unwrap();
        assert_eq!(user.active_location, None, "the agency's view");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(payload: String, secret: String) {
        let _ = open(&secret, &payload);
    }

    #[test]
    fn no_bytes_in_its_shape_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(open(SECRET, &STANDARD.encode([b"Salted__".as_slice(), &bytes].concat())).is_err());
        prop_assert!(open(SECRET, &encrypted(SECRET, &bytes)).is_err());
    }
}
