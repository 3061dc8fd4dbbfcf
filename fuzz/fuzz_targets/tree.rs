//! Changes a JSON body into another JSON body, with names and values that the reader looks for.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Value, json};

/// The names that the reader knows, one on each line. `run.sh` takes them from the sources.
const WORDS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/target/words"));

/// Most bytes that a string grows by at once.
const GROWTH: usize = 64;

/// Most copies that a text or list is repeated at once. What takes time grows with them.
const MOST_COPIES: usize = 64;

/// A generator that gives the same numbers for the same seed (Marsaglia's xorshift).
struct Random(u32);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % end.max(1)
    }

    fn word(&mut self) -> &'static str {
        let at = self.below(WORDS.len());
        let start = (0..=at).rev().find(|at| WORDS.is_char_boundary(*at));
        let rest = &WORDS[start.unwrap_or(0)..];
        rest.lines().nth(1).or(WORDS.lines().next()).unwrap_or("")
    }
}

/// The body with one to four changes. None if it is not JSON or no longer fits.
pub fn mutated(body: &[u8], max: usize, seed: u32) -> Option<Vec<u8>> {
    let mut tree: Value = serde_json::from_slice(body).ok()?;
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9) | 1);
    if random.below(8) == 0 {
        let copies = 2 + random.below(MOST_COPIES.min(max / body.len().max(1)));
        match nth(&mut tree, &mut random) {
            Value::String(text) => *text = text.repeat(copies),
            Value::Array(items) => *items = vec![items.clone(); copies].concat(),
            _ => {}
        }
    }
    for _ in 0..=random.below(4) {
        let donor = nth(&mut tree, &mut random).clone();
        let place = nth(&mut tree, &mut random);
        change(place, donor, &mut random);
    }
    let body = serde_json::to_vec(&tree).ok()?;
    (body.len() <= max).then_some(body)
}

/// A random value of the tree.
fn nth<'a>(tree: &'a mut Value, random: &mut Random) -> &'a mut Value {
    let children = match tree {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    // Most values are deep in the tree, so the way down is taken more often than not.
    if children == 0 || random.below(5) == 0 {
        return tree;
    }
    let child = random.below(children);
    let found = match tree {
        Value::Array(items) => items.get_mut(child),
        Value::Object(fields) => fields.values_mut().nth(child),
        _ => None,
    };
    // Always there, because `child` is less than their number.
    nth(found.expect("a child"), random)
}

fn change(place: &mut Value, donor: Value, random: &mut Random) {
    match (random.below(8), &mut *place) {
        (0, _) => *place = donor,
        (1, _) => *place = leaf(random),
        (2, _) => *place = json!({ random.word(): place.take() }),
        (3, Value::Array(items)) => items.push(donor),
        (3 | 4, Value::Object(fields)) => {
            fields.insert(random.word().to_owned(), donor);
        }
        (4, Value::Array(items)) if !items.is_empty() => {
            items.remove(random.below(items.len()));
        }
        (5, Value::Object(fields)) if !fields.is_empty() => {
            let name = fields.keys().nth(random.below(fields.len())).cloned();
            let value = fields.remove(&name.unwrap_or_default());
            if random.below(2) == 0 {
                fields.insert(random.word().to_owned(), value.unwrap_or_default());
            }
        }
        (_, Value::Object(fields)) => {
            fields.insert(random.word().to_owned(), leaf(random));
        }
        (_, Value::String(text)) => {
            let size = text.len();
            let mut bytes = std::mem::take(text).into_bytes();
            bytes.resize(size + GROWTH, 0);
            let size = fuzzer_mutate(&mut bytes, size, size + GROWTH);
            *text = String::from_utf8_lossy(&bytes[..size]).into_owned();
        }
        _ => *place = json!([place.take(), donor]),
    }
}

fn leaf(random: &mut Random) -> Value {
    match random.below(10) {
        0 => Value::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(random.below(70)),
        3 => json!(i64::MIN.wrapping_add(random.below(3) as i64)),
        4 => json!(1_767_225_600_u64 + random.below(1000) as u64),
        5 => {
            json!({"low": random.below(usize::MAX) as i64, "high": random.below(3), "unsigned": true})
        }
        6 => json!(1.5e300),
        7 => json!(format!("{}@{}", random.below(usize::MAX), random.word())),
        8 => json!("\u{202e}e\u{301}👨‍👩‍👧\0\r\n@s.whatsapp.net".repeat(random.below(20))),
        _ => json!(random.word()),
    }
}
