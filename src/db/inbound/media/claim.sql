-- Claims files of each location in turn; see `claim` in `mod.rs`.
-- $1 now, $2 end of the lease, $3 limit, $4 files that a location may have in hand, $5 how many more where it has some
-- (`Capacity` in `src/db/queue.rs`).
-- Files that may be fetched, each with its position within its location. Not those of locations whose calls to GHL are used
-- up, because a fetched file could not be uploaded.
with due as (
    select m.location_id, m.message_id, m.state, m.due_at,
        coalesce(((select $5::text::jsonb)->>m.location_id)::bigint, $4) as room,
        row_number() over (partition by m.location_id order by m.due_at, m.message_id) as turn
    from inbound_media m
    where m.state = 'wanted'
        and m.due_at <= $1
        and (
            select i.state
            from inbound i
            where i.location_id = m.location_id and i.id = m.message_id
        ) = 'accepted'
        and m.location_id <> all (array(
            select owner_id
            from rate_limits
            where paused_until > $1 or window_ends_at > $1 and used >= max
        ))
),
-- Locks the first file of each location, then the second, each by its key; a location with less room has some in hand, and
-- comes later. Chance decides among equals, so that nobody is always the last. Skips rows that another process has locked,
-- and checks the newest version of each row. `next.state` is used because, with the constant 'wanted', the planner
-- could choose the index of wanted files and read all of it.
locked as (
    select m.location_id, m.message_id
    from (select * from due where turn <= room order by turn - room, random() limit $3) next
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
    -- `= any (array[…])` is used because, with `=`, the planner could read the whole index for the join while it does
    -- not know yet how many rows there are.
    update inbound_media m
    set attempt = m.attempt + 1, due_at = $2
    from locked
    where m.location_id = any (array[locked.location_id]) and m.message_id = locked.message_id
    returning m.*
)
-- Adds what is known of the messages. `offset 0` makes the planner find each of them by its key.
select m.location_id, m.message_id, m.failures, m.waits, m.attempt,
    m.keys as "keys!", m.direct_path, m.url, m.media_key as "media_key!", m.sha256, m.encrypted_sha256,
    m.length, m.mimetype, m.file_name,
    coalesce(i.phone, i.conversation) as "phone!",
    i.number, i.sender_name, i.contact_id,
    case when not i.from_me then i.sent_at end as wrote_at,
    m.spare is not null and m.spare->'is_refused' is null as "has_spare!",
    m.spare is not null and m.spare->'is_refused' is not null as "has_refused!",
    case when m.better_of is not null then i.accepted_at end as better_since
from claimed m
cross join lateral (
    select *
    from inbound
    where location_id = m.location_id and id = m.message_id
    offset 0
) i
