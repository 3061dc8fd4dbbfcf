//! Takes any bytes as an encrypted file: nothing panics, a whole file is always accepted, a changed one never.
//!
//! Owns WhatsApp's encryption, and the expected result for each file. The input decides the kind of case and the
//! description of the file; the rest of the input is the content.

#![no_main]

use aes::Aes256;
use cbc::cipher::{BlockEncryptMut, KeyIvInit};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use ring::{digest, hkdf, hmac};
use waapify_ghl_fuzz::timed;
use whatsapp_events::{Decryptor, MediaError, MediaFile, MediaKeys};

const BLOCK: usize = 16;
const MAC: usize = 10;
/// Most cuts that the input decides. The rest is one piece.
const MAX_CUTS: usize = 24;

fuzz_target!(|data: &[u8]| timed(data, |data| {
    // An input that is too short is no case.
    let _ = run(&mut Unstructured::new(data));
}));

fn run(input: &mut Unstructured<'_>) -> Result<()> {
    let mut file = described(input)?;
    let cuts = cuts(input)?;
    match input.int_in_range(0..=3)? {
        0 => strange(&file, input.bytes(input.len())?, &cuts),
        1 => whole(&mut file, input.bytes(input.len())?, &cuts),
        2 => changed(&mut file, input, &cuts)?,
        _ => sealed_by_a_stranger(&mut file, input, &cuts)?,
    }
    Ok(())
}

/// Bytes that nobody encrypted: the ten bytes of the MAC would have to be guessed.
fn strange(file: &MediaFile, bytes: &[u8], cuts: &[usize]) {
    let expected = if bytes.len() < BLOCK + MAC {
        MediaError::TooShort
    } else {
        MediaError::Mac
    };
    assert_eq!(read(file, bytes, cuts), Err(expected));
}

/// A file as WhatsApp makes it.
fn whole(file: &mut MediaFile, plain: &[u8], cuts: &[usize]) {
    let sealed = sealed(file, padded(plain));
    announce(file, plain, &sealed);
    // Padded to whole blocks, at least one byte, and the MAC.
    let length = (plain.len() as u64 / 16 + 1) * 16 + 10;
    assert_eq!(length, sealed.len() as u64);
    assert_eq!(read(file, &sealed, cuts).as_deref(), Ok(plain));
}

/// A file that was changed on its way, or has another description.
fn changed(file: &mut MediaFile, input: &mut Unstructured<'_>, cuts: &[usize]) -> Result<()> {
    let change: u8 = input.int_in_range(0..=9)?;
    let (at, by) = (input.arbitrary::<u32>()? as usize, input.arbitrary()?);
    let extra: [u8; 17] = input.arbitrary()?;
    let plain = input.bytes(input.len())?;
    let original = sealed(file, padded(plain));
    announce(file, plain, &original);
    let described = file.clone();
    let mut bytes = original.clone();
    let place = at % bytes.len();
    match change {
        0 => bytes[place] ^= by,
        1 => bytes.truncate(place),
        2 => bytes.extend_from_slice(&extra[..1 + at % extra.len()]),
        3 => drop(bytes.remove(place)),
        4 => bytes.insert(place, by),
        5 => bytes.rotate_left(place),
        6 => bytes.copy_within(place.., 0),
        7 => file.media_key[at % 32] ^= by,
        8 => describe_otherwise(file, at, by),
        _ => drop(bytes.drain(..place / BLOCK * BLOCK)),
    }
    if bytes != original || *file != described {
        assert!(read(file, &bytes, cuts).is_err(), "a changed file passes");
    } else {
        assert_eq!(read(file, &bytes, cuts).as_deref(), Ok(plain));
    }
    Ok(())
}

/// Changes the description. Only announced values can be changed.
fn describe_otherwise(file: &mut MediaFile, at: usize, by: u8) {
    match (at % 4, &mut file.sha256, &mut file.encrypted_sha256) {
        (0, Some(hash), _) | (1, _, Some(hash)) => hash[at / 4 % 32] ^= by,
        (2, ..) => file.length = file.length.map(|length| length ^ u64::from(by)),
        _ => {
            let all = [
                MediaKeys::Image,
                MediaKeys::Video,
                MediaKeys::Audio,
                MediaKeys::Document,
            ];
            file.keys = all[usize::from(by) % all.len()];
        }
    }
}

/// A sender knows the key, so the MAC is right; but padding, hashes and length can be anything.
fn sealed_by_a_stranger(
    file: &mut MediaFile,
    input: &mut Unstructured<'_>,
    cuts: &[usize],
) -> Result<()> {
    let (padding, announced, loose): (u8, bool, u8) = input.arbitrary()?;
    let mut blocks = input.bytes(input.len())?.to_vec();
    blocks.resize(blocks.len().next_multiple_of(BLOCK).max(BLOCK), padding);
    let end = usize::from(blocks[blocks.len() - 1]);
    let is_padded = (1..=BLOCK).contains(&end)
        && blocks[blocks.len() - end..]
            .iter()
            .all(|byte| usize::from(*byte) == end);
    let plain = blocks[..blocks.len() - end.min(blocks.len())].to_vec();
    // Sometimes the MAC comes after bytes that are not a whole block.
    let loose = if loose < 32 {
        usize::from(loose) % BLOCK
    } else {
        0
    };
    let sealed = sealed_with(file, blocks, loose);
    if announced {
        announce(file, &plain, &sealed);
    }
    let fits = file
        .length
        .is_none_or(|length| length == plain.len() as u64)
        && file.sha256.is_none_or(|hash| hash == sha256(&plain))
        && file
            .encrypted_sha256
            .is_none_or(|hash| hash == sha256(&sealed));
    let read = read(file, &sealed, cuts);
    if is_padded && fits && loose == 0 {
        assert_eq!(read, Ok(plain));
    } else {
        assert!(read.is_err(), "a badly made file passes");
        assert!(!matches!(read, Err(MediaError::Mac | MediaError::TooShort)));
    }
    Ok(())
}

/// A random description. The other functions decide which content it has.
fn described(input: &mut Unstructured<'_>) -> Result<MediaFile> {
    Ok(MediaFile {
        keys: *input.choose(&[
            MediaKeys::Image,
            MediaKeys::Video,
            MediaKeys::Audio,
            MediaKeys::Document,
        ])?,
        direct_path: None,
        url: None,
        media_key: input.arbitrary()?,
        sha256: input.arbitrary()?,
        encrypted_sha256: input.arbitrary()?,
        length: input.arbitrary()?,
        mimetype: None,
        file_name: None,
    })
}

/// Makes the description true.
fn announce(file: &mut MediaFile, plain: &[u8], sealed: &[u8]) {
    file.length = file.length.map(|_| plain.len() as u64);
    file.sha256 = file.sha256.map(|_| sha256(plain));
    file.encrypted_sha256 = file.encrypted_sha256.map(|_| sha256(sealed));
}

fn cuts(input: &mut Unstructured<'_>) -> Result<Vec<usize>> {
    let cuts = input.int_in_range(0..=MAX_CUTS)?;
    // Cuts matter near a block and a tail.
    (0..cuts)
        .map(|_| input.int_in_range(0..=4 * BLOCK))
        .collect()
}

/// The file, fed in pieces of these lengths and a last one.
fn read(
    file: &MediaFile,
    bytes: &[u8],
    cuts: &[usize],
) -> std::result::Result<Vec<u8>, MediaError> {
    let mut decryptor = Decryptor::new(file)?;
    let (mut plain, mut rest, mut fed) = (Vec::new(), bytes, 0);
    for cut in cuts.iter().copied().chain([usize::MAX]) {
        let (piece, after) = rest.split_at(cut.min(rest.len()));
        plain.extend(decryptor.feed(piece));
        fed += piece.len();
        assert!(plain.len() <= fed, "more comes out than went in");
        rest = after;
    }
    plain.extend(decryptor.finish()?);
    Ok(plain)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

fn padded(plain: &[u8]) -> Vec<u8> {
    let padding = BLOCK - plain.len() % BLOCK;
    let mut blocks = plain.to_vec();
    blocks.resize(plain.len() + padding, u8::try_from(padding).unwrap_or(0));
    blocks
}

fn sealed(file: &MediaFile, blocks: Vec<u8>) -> Vec<u8> {
    sealed_with(file, blocks, 0)
}

/// Encrypts whole blocks, then adds `loose` bytes and the MAC.
fn sealed_with(file: &MediaFile, mut blocks: Vec<u8>, loose: usize) -> Vec<u8> {
    struct Expanded;
    impl hkdf::KeyType for Expanded {
        fn len(&self) -> usize {
            112
        }
    }
    let info: &[u8] = match file.keys {
        MediaKeys::Image => b"WhatsApp Image Keys",
        MediaKeys::Video => b"WhatsApp Video Keys",
        MediaKeys::Audio => b"WhatsApp Audio Keys",
        MediaKeys::Document => b"WhatsApp Document Keys",
    };
    let mut keys = [0; 112];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(&file.media_key)
        .expand(&[info], Expanded)
        .and_then(|expanded| expanded.fill(&mut keys))
        .expect("keys of this length can be derived");
    let (iv, key, mac_key) = (&keys[..16], &keys[16..48], &keys[48..80]);
    let mut cipher = cbc::Encryptor::<Aes256>::new_from_slices(key, iv).expect("their lengths fit");
    for block in blocks.as_chunks_mut::<BLOCK>().0 {
        cipher.encrypt_block_mut(block.into());
    }
    blocks.resize(blocks.len() + loose, 0);
    let mac_key = hmac::Key::new(hmac::HMAC_SHA256, mac_key);
    let mac = hmac::sign(&mac_key, &[iv, &blocks].concat());
    blocks.extend_from_slice(&mac.as_ref()[..MAC]);
    blocks
}
