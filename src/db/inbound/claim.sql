-- Claims messages of each location in turn; see `claim` in `mod.rs`.
-- $1 now, $2 end of the lease, $3 limit, $4 messages that a location may have in hand, $5 how many more where it has some
-- (`Capacity` in `src/db/queue.rs`), $6 rows that are looked at for one location, $7 where a look at its conversations begins.
with recursive waiting as (
    (
        select location_id
        from inbound
        where state = 'accepted'
        order by location_id, conversation, sent_at, id
        limit 1
    )
    union all
    select next.location_id
    from waiting
    cross join lateral (
        select location_id
        from inbound
        where state = 'accepted' and location_id > waiting.location_id
        order by location_id, conversation, sent_at, id
        limit 1
    ) next
),
-- Not those whose calls to GHL are used up: their messages could only be put back.
open as (
    select w.location_id,
        coalesce(((select $5::text::jsonb)->>w.location_id)::bigint, $4) as room
    from waiting w
    where not exists (
        select 1
        from rate_limits b
        where b.owner_id = w.location_id
            and (b.paused_until > $1 or b.window_ends_at > $1 and b.used >= b.max)
    )
),
-- Of each location the first message of some conversations, or the one with an unknown outcome, which the others of its
-- conversation wait for.
found as (
    select distinct o.location_id, o.room, next.id, next.state, next.due_at
    from open o
    cross join lateral (
        (
            -- Usually they are among those that have been due longest.
            select due.id, due.state, due.due_at
            from (
                select conversation, id, state, due_at
                from inbound
                where location_id = o.location_id and state = 'accepted' and due_at <= $1
                order by due_at, id
                limit $6
            ) due
            -- After a replay several of one conversation may have an unknown outcome: they keep their order. It is
            -- written as a row, because by the order of `inbound_waiting` the planner could read a whole conversation.
            where due.id = (
                    select i.id
                    from inbound i
                    where i.location_id = o.location_id
                        and i.conversation = due.conversation
                        and i.state = 'accepted'
                        and i.unconfirmed
                    order by row(i.sent_at, i.id)
                    limit 1
                )
                or due.id = (
                    select head.id
                    from inbound head
                    where head.location_id = o.location_id
                        and head.conversation = due.conversation
                        and head.state = 'accepted'
                    order by head.location_id, head.conversation, head.sent_at, head.id
                    limit 1
                )
                and not exists (
                    select 1
                    from inbound i
                    where i.location_id = o.location_id
                        and i.conversation = due.conversation
                        and i.state = 'accepted'
                        and i.unconfirmed
                )
        )
        union all
        (
            -- Otherwise conversations are looked at, some from the first on and some from one by chance, so that none is
            -- passed over for ever. Each step reads the next from the index `inbound_waiting`, so that a long
            -- conversation costs no more than a short one. Only where more are due than were read above.
            select coalesce(u.id, head.id), head.state, coalesce(u.due_at, head.due_at)
            from (
                select place.conversation
                from (values (''), ($7::text)) as place (conversation)
                where (
                    select count(*)
                    from (
                        select 1
                        from inbound
                        where location_id = o.location_id and state = 'accepted' and due_at <= $1
                        order by due_at, id
                        limit $6
                    ) read
                ) = $6
            ) begin
            cross join lateral (
                with recursive walk as (
                    (
                        select conversation, id, state, due_at
                        from inbound
                        where location_id = o.location_id and conversation >= begin.conversation
                            and state = 'accepted'
                        order by location_id, conversation, sent_at, id
                        limit 1
                    )
                    union all
                    select next.*
                    from walk
                    cross join lateral (
                        select conversation, id, state, due_at
                        from inbound
                        where location_id = o.location_id and conversation > walk.conversation
                            and state = 'accepted'
                        order by location_id, conversation, sent_at, id
                        limit 1
                    ) next
                )
                select *
                from walk
                limit $6
            ) head
            left join lateral (
                select i.id, i.due_at
                from inbound i
                where i.location_id = o.location_id
                    and i.conversation = head.conversation
                    and i.state = 'accepted'
                    and i.unconfirmed
                order by row(i.sent_at, i.id)
                limit 1
            ) u on true
            where coalesce(u.due_at, head.due_at) <= $1
        )
        limit o.room
    ) next
),
-- The first of each location, then the second; a location with less room has some in hand, and comes later. Chance
-- decides among equals, so that nobody is always the last.
due as (
    select location_id, id, state
    from found
    order by row_number() over (partition by location_id order by due_at, id) - room, random()
),
-- Locks them one after the other, each by its key. Skips rows that another process has locked, and checks the newest
-- version of each row. `due.state` is used because, with the constant 'accepted', the planner could choose an index of
-- the waiting rows and read all of it.
locked as (
    select i.location_id, i.id
    from due
    cross join lateral (
        select i.location_id, i.id
        from inbound i
        where i.location_id = due.location_id
            and i.id = due.id
            and i.state = due.state
            and i.due_at <= $1
        for update skip locked
    ) i
    limit $3
)
-- `= any (array[…])` is used because, with `=`, the planner could read the whole index for the join while it does not
-- know yet how many rows there are.
update inbound i
set attempt = i.attempt + 1, due_at = $2, is_waiting = false, is_down = false
from locked
where i.location_id = any (array[locked.location_id]) and i.id = locked.id
returning i.location_id, i.id, i.wa_message_id, i.from_me, i.conversation, i.number, i.call_status,
    coalesce(i.phone, i.conversation) as "phone!",
    i.sender_name, i.contact_id, i.gone_contacts,
    coalesce(i.text, '') as "text!",
    i.sent_at as "sent_at!",
    i.accepted_at, i.failures, i.waits, i.attempt, i.unconfirmed, i.post_started_at, i.post_sequence, i.reconciliations,
    coalesce((
        select m.state = 'wanted'
        from inbound_media m
        where m.location_id = i.location_id and m.message_id = i.id
    ), false) as "lacks_file!",
    coalesce((
        select m.state = 'wanted' and m.failures = 0 and m.attempt = m.waits
        from inbound_media m
        where m.location_id = i.location_id and m.message_id = i.id
    ), false) as "is_file_untried!",
    coalesce((
        select m.failures > 0
        from inbound_media m
        where m.location_id = i.location_id and m.message_id = i.id
    ), false) as "file_failed!",
    coalesce((
        select m.state = 'wanted' and m.is_held
        from inbound_media m
        where m.location_id = i.location_id and m.message_id = i.id
    ), false) as "is_file_held!",
    greatest(i.accepted_at, (
        select m.opened_at
        from inbound_media m
        where m.location_id = i.location_id and m.message_id = i.id
    )) as "file_since!",
    (
        select m.attachment
        from inbound_media m
        where m.location_id = i.location_id and m.message_id = i.id
    ) as attachment
