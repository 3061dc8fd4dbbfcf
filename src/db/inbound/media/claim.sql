-- What may be fetched, with its place within its location.
with due as (
    select m.location_id, m.message_id, m.state, m.due_at,
        row_number() over (partition by m.location_id order by m.due_at, m.message_id) as turn
    from inbound_media m
    where m.state = 'wanted'
        and m.due_at <= $1
        and (
            select i.state
            from inbound i
            where i.location_id = m.location_id and i.id = m.message_id
        ) = 'accepted'
),
-- The first of each location, then the second. Each is locked by its key; what another holds is left out, and of
-- what another changed meanwhile the newest version counts. With the word 'wanted' in place of `next.state` the
-- planner could use the index of what is wanted and read all of it.
locked as (
    select m.location_id, m.message_id
    from (select * from due order by turn, due_at limit $3) next
    cross join lateral (
        select m.location_id, m.message_id
        from inbound_media m
        where m.location_id = next.location_id
            and m.message_id = next.message_id
            and m.state = next.state
            and m.due_at <= $1
        for update skip locked
    ) m
),
claimed as (
    -- With plain equality of the first column the planner, where it does not know yet how many rows there are, could
    -- read the whole index to join.
    update inbound_media m
    set attempt = m.attempt + 1, due_at = $2
    from locked
    where m.location_id = any (array[locked.location_id]) and m.message_id = locked.message_id
    returning m.*
)
-- With what is known of the messages; `offset 0` makes the planner look each of them up by its key.
select m.location_id, m.message_id, m.failures, m.attempt,
    m.keys as "keys!", m.direct_path, m.url, m.media_key as "media_key!", m.sha256, m.encrypted_sha256,
    m.length, m.mimetype, m.file_name,
    coalesce(i.phone, i.conversation) as "phone!",
    i.sender_name,
    case when not i.from_me then i.sent_at end as wrote_at
from claimed m
cross join lateral (
    select *
    from inbound
    where location_id = m.location_id and id = m.message_id
    offset 0
) i
