//! What a location's people decide about opting out.

use crate::db::connection::Pool;
use crate::model::ids::LocationId;
use crate::model::opt_out::OptOutWords;

/// A location's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOutSettings {
    /// Words are recognised.
    pub is_on: bool,
    /// The words.
    pub words: OptOutWords,
    /// What a customer is answered once.
    pub answer: Option<String>,
}

impl Default for OptOutSettings {
    fn default() -> Self {
        Self {
            is_on: true,
            words: OptOutWords::default(),
            answer: None,
        }
    }
}

/// A location's settings; as they come where nobody changed them.
pub async fn find(pool: &Pool, location: &LocationId) -> sqlx::Result<OptOutSettings> {
    let stored = sqlx::query!(
        "select is_on, stop_words, start_words, answer from opt_out_settings where location_id = $1",
        location.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    let default = OptOutSettings::default();
    Ok(match stored {
        None => default,
        Some(row) => OptOutSettings {
            is_on: row.is_on,
            words: OptOutWords {
                stop: row.stop_words.unwrap_or(default.words.stop),
                start: row.start_words.unwrap_or(default.words.start),
            },
            answer: row.answer,
        },
    })
}

/// Stores a location's settings. A list that nobody changed follows the program's, also in later versions.
pub async fn record(
    pool: &Pool,
    location: &LocationId,
    settings: &OptOutSettings,
) -> sqlx::Result<()> {
    let default = OptOutWords::default();
    let own = |list: &Vec<String>, default: &Vec<String>| (list != default).then(|| list.clone());
    sqlx::query!(
        r#"
        insert into opt_out_settings (location_id, is_on, stop_words, start_words, answer)
        values ($1, $2, $3, $4, $5)
        on conflict (location_id) do update set
            is_on = excluded.is_on,
            stop_words = excluded.stop_words,
            start_words = excluded.start_words,
            answer = excluded.answer
        "#,
        location.as_str(),
        settings.is_on,
        own(&settings.words.stop, &default.stop) as Option<Vec<String>>,
        own(&settings.words.start, &default.start) as Option<Vec<String>>,
        settings.answer.as_deref(),
    )
    .execute(pool)
    .await
    .map(|_| ())
}
