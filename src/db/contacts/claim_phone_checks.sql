-- The phones that numbers with held messages are to ask about now: db::contacts::phone_checks::claim.
-- $1 held since, $2 written to since, $3 pause, $4 trouble, $5 day, $6 daily, $7 now, $8 suffix of LIDs, $9 numbers looked at,
-- $10 messages looked at, $11 limit.
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
