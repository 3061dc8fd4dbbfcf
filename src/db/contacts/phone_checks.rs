//! Which phones Waapify was asked about, and what it answered. A phone is asked about seldom, and a number asks seldom, because
//! many such questions look like a machine to WhatsApp.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::contacts::lids::LID_SERVER;
use crate::db::numbers::NumberRow;
use crate::db::outbound::OutboundJob;
use crate::model::ids::LocationId;
use crate::model::states::PhoneAnswer;

/// A phone that is to be asked about now.
#[derive(Clone, Debug)]
pub struct PhoneCheck {
    /// The location whose customer has it.
    pub location_id: LocationId,
    /// The number whose instance is asked.
    pub number: String,
    /// That instance.
    pub instance_id: String,
    /// Its key, sealed.
    pub access_token: Vec<u8>,
    /// The number (digits) that people dial.
    pub phone: String,
    /// When it is asked; also the fence.
    pub asked_at: OffsetDateTime,
}

impl PhoneCheck {
    /// The number with its keys.
    #[must_use]
    pub fn sender(&self) -> NumberRow {
        NumberRow {
            number: self.number.clone(),
            instance_id: self.instance_id.clone(),
            access_token: self.access_token.clone(),
        }
    }
}

/// Since when what counts.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Messages that have been held since then need an answer.
    pub held: OffsetDateTime,
    /// Who was written to since then may be their sender, unless asked about since then.
    pub written: OffsetDateTime,
    /// A number that asked since then makes a pause.
    pub pause: OffsetDateTime,
    /// The same after no answer, or one that nobody understands.
    pub trouble: OffsetDateTime,
    /// The same after words that its build knows no such question. Questions since then are counted, too.
    pub day: OffsetDateTime,
    /// Most questions of a number since `day`.
    pub daily: i64,
}

/// Numbers whose held messages are looked at in one claim; the others follow when these ask no more.
const NUMBERS: i64 = 32;
/// Rows that are looked at to find whom a location wrote to last.
const LOOKED_AT: i64 = 200;

/// Takes, for each number with held messages, the phone that it wrote to last and that may be their sender's: no LID of it is
/// known, and it was not asked about lately. Who acknowledged under the phone comes last, because WhatsApp shows that
/// person's phone. It is counted as asked from now on, whatever becomes of the process.
pub async fn claim(
    pool: &Pool,
    bounds: Bounds,
    now: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<PhoneCheck>> {
    sqlx::query_file_as!(
        PhoneCheck,
        "src/db/contacts/claim_phone_checks.sql",
        bounds.held,
        bounds.written,
        bounds.pause,
        bounds.trouble,
        bounds.day,
        bounds.daily,
        now,
        LID_SERVER,
        NUMBERS,
        LOOKED_AT,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// What is known about a phone before its first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was asked about; where the answer was lost, it is unknown.
    Answered(PhoneAnswer),
    /// Nobody asked.
    NotAsked,
}

/// What Waapify answered about a phone since then.
pub async fn find(
    pool: &Pool,
    location: &LocationId,
    phone: &str,
    since: OffsetDateTime,
) -> sqlx::Result<Known> {
    let found = sqlx::query_scalar!(
        r#"
        select answer as "answer: PhoneAnswer"
        from phone_checks
        where location_id = $1 and phone = $2 and asked_at > $3
        "#,
        location.as_str(),
        phone,
        since,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map_or(Known::NotAsked, |answer| {
        Known::Answered(answer.unwrap_or(PhoneAnswer::Unknown))
    }))
}

/// Counts a phone as asked about from now on, before a first message to it; none if another process has asked since `since`, or
/// the message has no number.
pub async fn begin(
    pool: &Pool,
    job: &OutboundJob,
    phone: &str,
    since: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<Option<PhoneCheck>> {
    let Some(sender) = job.sender() else {
        return Ok(None);
    };
    let begun = sqlx::query_scalar!(
        r#"
        insert into phone_checks (location_id, phone, number, asked_at)
        values ($1, $2, $3, $4)
        on conflict (location_id, phone) do update set
            number = excluded.number,
            asked_at = excluded.asked_at,
            answer = null
        where phone_checks.asked_at <= $5
        returning asked_at
        "#,
        job.location_id.as_str(),
        phone,
        sender.number,
        now,
        since,
    )
    .fetch_optional(pool)
    .await?;
    Ok(begun.map(|asked_at| PhoneCheck {
        location_id: job.location_id.clone(),
        number: sender.number,
        instance_id: sender.instance_id,
        access_token: sender.access_token,
        phone: phone.to_owned(),
        asked_at,
    }))
}

/// Stores Waapify's answer, unless it was asked again meanwhile.
pub async fn record(pool: &Pool, check: &PhoneCheck, answer: PhoneAnswer) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update phone_checks
        set answer = $4
        where location_id = $1 and phone = $2 and asked_at = $3
        "#,
        check.location_id.as_str(),
        check.phone,
        check.asked_at,
        answer as PhoneAnswer,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
