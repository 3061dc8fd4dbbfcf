//! Sentences that versions before the reason codes stored, and what the migrations make of them.

mod filled;
mod places;
mod sentences;

use filled::{numbered, with};
use places::{PLACES, Place};
use sentences::SENTENCES;
use serde_json::{Value, json};
use waapify_ghl::db;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::model::language::Language;
use waapify_ghl::model::reason::Reason;

use crate::harness::TestDatabase;

/// The last migration before the codes.
const BEFORE: i64 = 20_261_126_000_000;
/// Names of files and words of vendors that could confuse the conversion; also pieces of the sentences themselves.
const NASTY: [&str; 9] = [
    "harga.pdf",
    "",
    "{}",
    "{file}",
    "\" is larger than the 9 MB that can be sent.",
    "a\" is not there any more, or not for everyone to fetch. Attach it again and send it once more.",
    "\\1 \\\\ % _ ' $$ (.*) <b>&amp;",
    "line\nbreak\ttab",
    "Senarai \u{201c}é\u{201d} 🙂",
];

/// A stored sentence, the reason that it becomes, and its Malay text if it had one.
#[derive(Clone)]
struct Old {
    sentence: String,
    code: &'static str,
    args: Value,
    malay: Option<String>,
}

fn old(sentence: String, code: &'static str, args: Value, malay: Option<String>) -> Old {
    Old {
        sentence,
        code,
        args,
        malay,
    }
}

/// Every sentence. Those with an argument appear with each of [`NASTY`].
fn all() -> Vec<Old> {
    let fixed = SENTENCES.iter().map(|(code, english, malay)| {
        let malay = malay.map(str::to_owned);
        old((*english).to_owned(), code, Value::Null, malay)
    });
    let with_words = NASTY.iter().flat_map(|words| with(words));
    fixed.chain(with_words).chain(numbered()).collect()
}

/// A database in the state that the last version before the codes left.
async fn old_database() -> TestDatabase {
    let database = TestDatabase::empty().await;
    let all = sqlx::migrate!();
    let before = sqlx::migrate::Migrator {
        migrations: all
            .iter()
            .filter(|one| one.version < BEFORE)
            .cloned()
            .collect(),
        ..sqlx::migrate::Migrator::DEFAULT
    };
    before.run(database.pool.without_limits()).await.unwrap();
    database
}

async fn write(pool: &Pool, place: &Place, sentences: &[&str]) {
    let sql = format!(
        "with said as (select said, n from unnest($1::text[]) with ordinality as s (said, n)) {}",
        place.insert
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(sentences)
        .execute(pool)
        .await
        .unwrap();
}

async fn read(pool: &Pool, place: &Place) -> Vec<Reason> {
    sqlx::query_scalar(place.read)
        .fetch_all(pool)
        .await
        .unwrap()
}

/// Stores the sentences in each place and returns the reasons that they become.
async fn converted(pool: &Pool, all: &[Old]) -> Vec<(&'static str, Vec<Reason>)> {
    let sentences: Vec<_> = all.iter().map(|old| old.sentence.as_str()).collect();
    sqlx::query("insert into locations (location_id) values ('l')")
        .execute(pool)
        .await
        .unwrap();
    for place in &PLACES {
        write(pool, place, &sentences).await;
    }
    db::migrate(pool).await.unwrap();
    let mut found = Vec::new();
    for place in &PLACES {
        found.push((place.table, read(pool, place).await));
    }
    found
}

#[tokio::test]
async fn every_sentence_that_was_kept_becomes_its_code_wherever_it_stands() {
    let database = old_database().await;
    let all = all();
    for (table, reasons) in converted(&database.pool, &all).await {
        assert_eq!(reasons.len(), all.len(), "{table}");
        for (old, reason) in all.iter().zip(&reasons) {
            let kept = serde_json::to_value(reason).unwrap();
            assert_eq!(
                (reason.code(), &kept["args"]),
                (old.code, &old.args),
                "{table}: {}",
                old.sentence
            );
            assert!(!matches!(reason, Reason::Unknown { .. }), "{}", old.code);
        }
    }
    let nulls: i64 = sqlx::query_scalar(
        "select count(*) from timeline where cause_args = 'null' or cause_code is null",
    )
    .fetch_one(&database.pool)
    .await
    .unwrap();
    assert_eq!(nulls, 0, "no arguments are no value");
}

/// Reasons whose sentences say something else since: write anew, because sending the same message again keeps its number.
const REWORDED: [&str; 3] = ["no_phone", "phone_with_extension", "phone_incomplete"];

#[tokio::test]
#[cfg_attr(feature = "changed-wording", ignore = "asserts the wording")]
async fn wording_of_every_kept_sentence_is_what_it_was_in_both_languages() {
    let database = old_database().await;
    let all = all();
    for (table, reasons) in converted(&database.pool, &all).await {
        for (old, reason) in all.iter().zip(&reasons) {
            if REWORDED.contains(&reason.code()) {
                continue;
            }
            assert_eq!(reason.english(), old.sentence, "{table}");
            if let Some(malay) = &old.malay {
                assert_eq!(&reason.text(Language::Malay), malay, "{table}");
            } else if reason.is_foreign() {
                assert_eq!(reason.text(Language::Malay), old.sentence, "{table}");
            }
        }
    }
}

/// Codes that GHL was given, with the sentence beside each.
const FAILURES: [(&str, Option<&str>, &str); 7] = [
    (
        "invalid_phone",
        Some(
            "The contact's phone number is not complete. Write it with its country code, such as +60123456789, and send again.",
        ),
        "phone_incomplete",
    ),
    (
        "number_stopped",
        Some(
            "The message limit of the Waapify plan is used up, or the plan has ended. Renew it in Waapify.",
        ),
        "quota",
    ),
    (
        "bad_attachment",
        Some("An older version said this."),
        "other_failure",
    ),
    (
        "uninstalled",
        Some("The app was uninstalled from this sub-account."),
        "uninstalled",
    ),
    (
        "uninstalled",
        Some("The WhatsApp app was uninstalled from this sub-account. Install it again to send."),
        "app_uninstalled",
    ),
    ("empty", None, "other_failure"),
    ("uninstalled", None, "uninstalled"),
];

#[tokio::test]
async fn a_failed_message_keeps_the_code_and_the_sentence_that_ghl_is_told() {
    let database = old_database().await;
    let pool = &database.pool;
    for (n, (code, sentence, _)) in (1_i64..).zip(FAILURES) {
        for sql in [
            "insert into outbound (location_id, id, ghl_message_id, conversation, body, state, reason, due_at, accepted_at)
             select 'l', $1, $1::text, 'c', '', 'failed', $2, now(), now() where $3 is null or true",
            "insert into timeline (location_id, message_id, at, state, cause)
             select 'l', $1, now() - interval '1 hour', 'failed', 'an earlier failure' where $2 <> '' and $3 is not null",
            "insert into timeline (location_id, message_id, at, state, cause)
             select 'l', $1, now(), 'failed', $3 where $2 <> '' and $3 is not null",
            "insert into status_updates (location_id, message_id, ghl_message_id, status, error_code, error_message, due_at)
             values ('l', $1, $1::text, 'failed', $2, $3, now())",
        ] {
            sqlx::query(sql)
                .bind(n)
                .bind(code)
                .bind(sentence)
                .execute(pool)
                .await
                .unwrap();
        }
    }
    db::migrate(pool).await.unwrap();
    for sql in [
        "select reason_of(reason_code, reason_args) from outbound order by id",
        "select reason_of(reason_code, reason_args) from status_updates order by message_id",
    ] {
        let reasons: Vec<Reason> = sqlx::query_scalar(sql).fetch_all(pool).await.unwrap();
        assert_eq!(reasons.len(), FAILURES.len());
        for ((error, sentence, code), reason) in FAILURES.iter().zip(&reasons) {
            assert_eq!((reason.error_code(), reason.code()), (*error, *code));
            if *code == "other_failure" {
                assert_eq!(reason.english(), sentence.unwrap_or(error));
            }
        }
    }
}

#[tokio::test]
async fn a_reason_comes_back_as_it_was_kept_and_one_of_another_version_fails_nothing() {
    let database = TestDatabase::new().await;
    let pool = &database.pool;
    let again = "select reason_of($1::jsonb->>'code', $1::jsonb->'args')";
    for kept in [
        json!({"code": "ghl_delivered"}),
        json!({"code": "file_gone", "args": {"file": "a\"b"}}),
        json!({"code": "of_a_later_version"}),
        json!({"code": "of_a_later_version", "args": {"n": [1]}}),
        json!({"code": "file_gone", "args": {"name": "a"}}),
    ] {
        let reason = Reason::from_json(&kept);
        let found: Reason = sqlx::query_scalar(again)
            .bind(&reason)
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(found, reason, "{kept}");
    }
    let nul = Reason::from_json(&json!({"code": "file_gone", "args": {"file": "a\0b"}}));
    let found: Reason = sqlx::query_scalar(again)
        .bind(&nul)
        .fetch_one(pool)
        .await
        .unwrap();
    let without = Reason::from_json(&json!({"code": "file_gone", "args": {"file": "ab"}}));
    assert_eq!(found, without, "Postgres keeps no NUL");
}
