//! Which phones Waapify was asked about, and what it answered. A phone is asked about seldom, and a number asks seldom, because
//! many such questions look like a machine to WhatsApp.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::contacts::lids::LID_SERVER;
use crate::db::numbers::NumberRow;
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
    sqlx::query_as!(
        PhoneCheck,
        r#"
        with held as (
            select location_id, number
            from inbound
            where state = 'held'
                and not undecrypted
                and late is null
                and phone is null
                and conversation like '%' || $8
                and accepted_at > $1
            group by location_id, number
            limit $9
        ),
        free as (
            select n.location_id, n.number, n.instance_id, n.access_token
            from held h
            join numbers n on n.location_id = h.location_id and n.number = h.number
            where n.access_token is not null
                and n.hold_code is null
                and n.disconnect_at is null
                and not n.other_phone
                and not exists (
                    select 1
                    from phone_checks c
                    where c.location_id = n.location_id and c.number = n.number and (
                        c.asked_at > $3
                        or c.asked_at > $4 and (c.answer is null or c.answer = 'unknown')
                        or c.asked_at > $5 and c.answer = 'unsupported'
                    )
                )
                and $6 > (
                    select count(*)
                    from phone_checks c
                    where c.location_id = n.location_id and c.number = n.number and c.asked_at > $5
                )
            limit $11
        ),
        asked as (
            insert into phone_checks (location_id, phone, number, asked_at)
            select free.location_id, written.chat, free.number, $7
            from free
            cross join lateral (
                select o.chat
                from (
                    select id, number, chat, state, accepted_at
                    from outbound
                    where location_id = free.location_id
                    order by id desc
                    limit $10
                ) o
                where o.number = free.number
                    and o.accepted_at > $2
                    and o.state in ('sent', 'delivered', 'read')
                    and o.chat not like '%@%'
                    and not exists (
                        select 1
                        from lids l
                        where l.location_id = free.location_id and l.phone = o.chat
                    )
                    and not exists (
                        select 1
                        from phone_checks c
                        where c.location_id = free.location_id and c.phone = o.chat and c.asked_at > $2
                    )
                order by o.state = 'sent' desc, o.id desc
                limit 1
            ) written
            on conflict (location_id, phone) do update set
                number = excluded.number,
                asked_at = excluded.asked_at,
                answer = null
            -- Another process may have asked a moment ago.
            where phone_checks.asked_at <= $2
            returning location_id, phone, number, asked_at
        )
        select a.location_id as "location_id: LocationId", a.number, f.instance_id, f.access_token as "access_token!", a.phone, a.asked_at
        from asked a
        join free f on f.location_id = a.location_id and f.number = a.number
        "#,
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
