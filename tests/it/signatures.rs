//! The signatures of GHL's webhooks: the corpus, published vectors, and every kind of wrong signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::{ProptestConfig, prop_assert, proptest};
use serde_json::Value;
use waapify_ghl::crypto::{Ed25519Key, RsaKey, Signature, SignatureError, Verifier};

use crate::harness::{TEST_ED25519_KEY, TEST_RSA_KEY, payload};

fn verifier() -> Verifier {
    Verifier::new(
        Ed25519Key::parse(TEST_ED25519_KEY).unwrap(),
        RsaKey::parse(TEST_RSA_KEY).unwrap(),
    )
}

fn check(headers: &[(&str, &str)], body: &[u8]) -> Result<(), SignatureError> {
    let find = |name: &str| {
        headers
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    };
    verify(&verifier(), find, body)
}

fn verify<'a>(
    verifier: &Verifier,
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
) -> Result<(), SignatureError> {
    let signature = Signature::find(header)?;
    let fits = verifier.fits(&signature, body);
    fits.then_some(()).ok_or(SignatureError::Wrong)
}

/// Name, Ed25519 and RSA signature of each body of the corpus.
fn corpus() -> Vec<(String, String, String)> {
    let file: Value = serde_json::from_slice(&payload("ghl/keys/signatures.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = file["signatures"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            (
                text(&row["file"]),
                text(&row["x-ghl-signature"]),
                text(&row["x-wh-signature"]),
            )
        })
        .collect()
}

#[test]
fn every_signature_of_the_corpus_is_accepted_over_the_raw_bytes() {
    let corpus = corpus();
    assert!(corpus.len() >= 45, "{}", corpus.len());
    for (file, ed25519, rsa) in corpus {
        let body = payload(&format!("ghl/webhooks/{file}"));
        assert_eq!(
            check(&[("x-ghl-signature", &ed25519)], &body),
            Ok(()),
            "{file}"
        );
        assert_eq!(check(&[("x-wh-signature", &rsa)], &body), Ok(()), "{file}");
    }
}

#[test]
fn a_changed_body_or_another_bodys_signature_is_refused() {
    let corpus = corpus();
    for ((file, ed25519, rsa), (_, other_ed25519, other_rsa)) in
        corpus.iter().zip(corpus.iter().skip(1))
    {
        let body = payload(&format!("ghl/webhooks/{file}"));
        let longer = [body.as_slice(), b" "].concat();
        let wrong = Err(SignatureError::Wrong);
        assert_eq!(
            check(&[("x-ghl-signature", ed25519)], &longer),
            wrong,
            "{file}"
        );
        assert_eq!(check(&[("x-wh-signature", rsa)], &longer), wrong, "{file}");
        if ed25519 != other_ed25519 {
            assert_eq!(
                check(&[("x-ghl-signature", other_ed25519)], &body),
                wrong,
                "{file}"
            );
            assert_eq!(
                check(&[("x-wh-signature", other_rsa)], &body),
                wrong,
                "{file}"
            );
        }
    }
}

#[test]
fn if_the_newer_signature_is_there_only_it_counts() {
    let (file, ed25519, rsa) = corpus().remove(0);
    let body = payload(&format!("ghl/webhooks/{file}"));
    let bad = STANDARD.encode([0; 64]);
    let both =
        |new: &str, old: &str| check(&[("x-ghl-signature", new), ("x-wh-signature", old)], &body);
    assert_eq!(both(&bad, &rsa), Err(SignatureError::Wrong));
    assert_eq!(both("N/A", &rsa), Err(SignatureError::Missing));
    assert_eq!(both(&ed25519, "nonsense"), Ok(()));
    assert_eq!(
        both("", &rsa),
        Err(SignatureError::Missing),
        "an empty header is there and says nothing"
    );
}

#[test]
fn no_signature_and_not_applicable_are_missing() {
    for headers in [
        vec![],
        vec![("x-ghl-signature", "N/A")],
        vec![("x-wh-signature", "N/A")],
        vec![("x-ghl-signature", " ")],
    ] {
        assert_eq!(
            check(&headers, b"{}"),
            Err(SignatureError::Missing),
            "{headers:?}"
        );
    }
}

#[test]
fn of_signatures_checked_together_only_the_bad_ones_are_refused() {
    let (mut signatures, mut bodies) = (Vec::new(), Vec::new());
    for (file, signature, _) in corpus().into_iter().take(8) {
        let find = |name: &str| (name == "x-ghl-signature").then_some(signature.as_str());
        let Ok(Signature::Ed25519(signature)) = Signature::find(find) else {
            panic!("{file} has no Ed25519 signature");
        };
        signatures.push(signature);
        bodies.push(payload(&format!("ghl/webhooks/{file}")));
    }
    let fit = |bodies: &[Vec<u8>]| {
        let bodies = bodies.iter().map(Vec::as_slice);
        let signed: Vec<_> = signatures.iter().copied().zip(bodies).collect();
        verifier().fit_each(&signed)
    };
    assert_eq!(fit(&bodies), [true; 8]);
    bodies[5].push(b' ');
    let expected = [true, true, true, true, true, false, true, true];
    assert_eq!(fit(&bodies), expected);
    assert!(verifier().fit_each(&[]).is_empty());
}

/// RFC 8032, section 7.1, tests 1 to 3.
#[test]
fn the_published_ed25519_vectors_hold() {
    let vectors = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (key, message, signature) in vectors {
        let key = Ed25519Key::parse(&STANDARD.encode(hex(key))).unwrap();
        let verifier = Verifier::new(key, RsaKey::parse(TEST_RSA_KEY).unwrap());
        let header = STANDARD.encode(hex(signature));
        let find = |name: &str| (name == "x-ghl-signature").then_some(header.as_str());
        assert_eq!(verify(&verifier, find, &hex(message)), Ok(()));
        assert_eq!(
            verify(&verifier, find, b"another"),
            Err(SignatureError::Wrong)
        );
    }
}

#[test]
fn the_default_settings_hold_the_published_keys() {
    let defaults: toml::Table = include_str!("../../config/default.toml").parse().unwrap();
    let base64_of = |pem: Vec<u8>| -> String {
        let text = String::from_utf8(pem).unwrap();
        text.lines()
            .filter(|line| !line.starts_with("-----"))
            .collect()
    };
    for (setting, file) in [
        ("ghl_ed25519_public_key", "ghl-published-ed25519.public.pem"),
        ("ghl_rsa_public_key", "ghl-published-rsa4096.public.pem"),
    ] {
        let value: String = defaults[setting]
            .as_str()
            .unwrap()
            .split_whitespace()
            .collect();
        assert_eq!(
            value,
            base64_of(payload(&format!("ghl/keys/{file}"))),
            "{setting}"
        );
    }
}

#[test]
fn a_key_is_read_as_pem_as_one_line_and_as_bare_base64() {
    for pem in [
        TEST_ED25519_KEY,
        include_str!("../payloads/ghl/keys/ghl-published-ed25519.public.pem"),
    ] {
        let bare: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for text in [pem.to_owned(), bare, pem.replace('\n', "\\n")] {
            assert!(Ed25519Key::parse(&text).is_ok(), "{text}");
        }
    }
    assert!(RsaKey::parse(&TEST_RSA_KEY.replace('\n', "\\n")).is_ok());
    assert!(RsaKey::parse(TEST_ED25519_KEY).is_err());
    assert!(Ed25519Key::parse(TEST_RSA_KEY).is_err());
    assert!(Ed25519Key::parse("nonsense!").is_err());
}

fn hex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_header_makes_the_check_panic_or_pass(new: String, old in "[A-Za-z0-9+/=]{0,700}", body: Vec<u8>) {
        prop_assert!(check(&[("x-ghl-signature", &new)], &body).is_err());
        prop_assert!(check(&[("x-wh-signature", &old)], &body).is_err());
    }
}
