//! The decryptor against files that Baileys encrypted, whole and in pieces, and against every kind of wrong file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::{BlockEncryptMut, KeyIvInit};
use proptest::prelude::*;
use ring::{hkdf, hmac};
use serde_json::Value;
use whatsapp_events::{Decryptor, MediaError, MediaFile, MediaKeys};

use super::CORPUS;

fn vectors(list: &str) -> Vec<Value> {
    let corpus = std::fs::read(format!("{CORPUS}/media-vectors.json")).unwrap();
    let corpus: Value = serde_json::from_slice(&corpus).unwrap();
    corpus[list].as_array().unwrap().clone()
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    STANDARD.decode(vector[field].as_str().unwrap()).unwrap()
}

fn file_of(vector: &Value) -> MediaFile {
    let hash = |field: &str| {
        let text = vector.get(field)?.as_str()?;
        Some(STANDARD.decode(text).unwrap().try_into().unwrap())
    };
    MediaFile {
        keys: match vector["mediaType"].as_str().unwrap() {
            "image" => MediaKeys::Image,
            "video" => MediaKeys::Video,
            "audio" => MediaKeys::Audio,
            _ => MediaKeys::Document,
        },
        direct_path: None,
        url: None,
        media_key: hash("mediaKey").unwrap(),
        sha256: hash("fileSha256"),
        encrypted_sha256: hash("fileEncSha256"),
        length: vector.get("fileLength").and_then(Value::as_u64),
        mimetype: None,
        file_name: None,
    }
}

fn decrypt<'a>(
    file: &MediaFile,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, MediaError> {
    let mut decryptor = Decryptor::new(file)?;
    let mut plain = Vec::new();
    for piece in pieces {
        plain.extend(decryptor.feed(piece));
    }
    plain.extend(decryptor.finish()?);
    Ok(plain)
}

#[test]
fn what_baileys_encrypted_is_decrypted() {
    let vectors = vectors("vectors");
    assert!(vectors.len() >= 5);
    for vector in vectors {
        let encrypted = bytes(&vector, "encrypted");
        let file = file_of(&vector);
        let plain = decrypt(&file, [encrypted.as_slice()]).unwrap();
        assert_eq!(plain, bytes(&vector, "plaintext"), "{}", vector["name"]);
        let length = MediaFile::encrypted_length(plain.len() as u64);
        assert_eq!(length, encrypted.len() as u64);
    }
}

#[test]
fn every_negative_of_the_corpus_is_refused_for_its_reason() {
    let mut seen = 0;
    for vector in vectors("negative") {
        let expect = vector["expect"].as_str().unwrap();
        let expected = if expect.contains("too short") {
            MediaError::TooShort
        } else {
            assert!(expect.contains("mac mismatch"), "{expect}");
            MediaError::Mac
        };
        let encrypted = bytes(&vector, "encrypted");
        let outcome = decrypt(&file_of(&vector), [encrypted.as_slice()]);
        assert_eq!(outcome, Err(expected), "{}", vector["name"]);
        seen += 1;
    }
    assert!(seen >= 4);
}

#[test]
fn a_mac_or_both_hashes_prove_a_file_and_its_length_is_a_hint() {
    let vector = vectors("vectors").remove(0);
    let encrypted = bytes(&vector, "encrypted");
    let good = file_of(&vector);
    let said = |change: fn(&mut MediaFile)| {
        let mut file = good.clone();
        change(&mut file);
        decrypt(&file, [encrypted.as_slice()])
    };
    for change in [
        (|file| file.length = Some(0)) as fn(&mut MediaFile),
        |file| file.length = Some(159),
        |file| file.length = Some(u64::MAX),
        |file| file.sha256 = Some([7; 32]),
        |file| file.encrypted_sha256 = Some([7; 32]),
        |file| (file.sha256, file.encrypted_sha256, file.length) = (None, None, None),
    ] {
        assert_eq!(said(change), Ok(bytes(&vector, "plaintext")));
    }
    // With another mac, hashes of what the server has still prove it; one of them does not.
    let mut other_mac = encrypted.clone();
    *other_mac.last_mut().unwrap() ^= 1;
    let hash = ring::digest::digest(&ring::digest::SHA256, &other_mac);
    let mut file = good;
    file.encrypted_sha256 = Some(hash.as_ref().try_into().unwrap());
    assert_eq!(
        decrypt(&file, [other_mac.as_slice()]),
        Ok(bytes(&vector, "plaintext"))
    );
    file.sha256 = None;
    assert_eq!(decrypt(&file, [other_mac.as_slice()]), Err(MediaError::Mac));
}

/// Seals whole blocks as WhatsApp does, and then so many bytes more that are in the mac and in no block.
fn sealed(file: &MediaFile, blocks: &[u8], more: usize) -> Vec<u8> {
    struct Length;
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            112
        }
    }
    let mut keys = [0; 112];
    let info = [file.keys.info()];
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&file.media_key);
    salt.expand(&info, Length).unwrap().fill(&mut keys).unwrap();
    let (iv, key, mac_key) = (&keys[..16], &keys[16..48], &keys[48..80]);
    let mut cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(key, iv).unwrap();
    let mut bytes = blocks.to_vec();
    for block in bytes.as_chunks_mut::<16>().0 {
        cipher.encrypt_block_mut(block.into());
    }
    bytes.extend(vec![7; more]);
    let mac_key = hmac::Key::new(hmac::HMAC_SHA256, mac_key);
    let mac = hmac::sign(&mac_key, &[iv, &bytes].concat());
    bytes.extend(&mac.as_ref()[..10]);
    bytes
}

#[test]
fn a_file_whose_maker_padded_it_wrongly_is_refused() {
    let mut file = file_of(&vectors("vectors").remove(0));
    (file.sha256, file.encrypted_sha256, file.length) = (None, None, None);
    let opened = |blocks: &[u8], more| decrypt(&file, [sealed(&file, blocks, more).as_slice()]);
    let block = |padding: &[u8]| [&[b'a'; 16][padding.len()..], padding].concat();
    assert_eq!(opened(&block(&[2, 2]), 0), Ok(vec![b'a'; 14]));
    assert_eq!(opened(&block(&[16; 16]), 0), Ok(Vec::new()));
    assert_eq!(opened(&[b'b'; 32], 0), Err(MediaError::Padding));
    for padding in [&[0][..], &[1, 2], &[3, 2, 3], &[17]] {
        assert_eq!(opened(&block(padding), 0), Err(MediaError::Padding));
    }
    assert_eq!(opened(&block(&[1]), 1), Err(MediaError::Padding));
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same_file(which in 0_usize..5, cuts in prop::collection::vec(0_usize..220, 0..12)) {
        let vector = vectors("vectors").remove(which);
        let encrypted = bytes(&vector, "encrypted");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(encrypted.len())).collect();
        cuts.extend([0, encrypted.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &encrypted[pair[0]..pair[1]]);
        prop_assert_eq!(decrypt(&file_of(&vector), pieces), Ok(bytes(&vector, "plaintext")));
    }

    #[test]
    fn a_changed_or_cut_file_is_never_given_as_whole(which in 0_usize..5, at in 0_usize..220, bit in 0_u8..8, cut: bool) {
        let vector = vectors("vectors").remove(which);
        let mut encrypted = bytes(&vector, "encrypted");
        let at = at % encrypted.len();
        if cut { encrypted.truncate(at) } else { encrypted[at] ^= 1 << bit }
        let outcome = decrypt(&file_of(&vector), [encrypted.as_slice()]);
        prop_assert!(matches!(outcome, Err(MediaError::Mac | MediaError::TooShort)), "{:?}", outcome);
    }
}
