-- The first waiting message of each conversation. Each step reads the next conversation from the index
-- `inbound_waiting`, so that a long conversation costs no more than a short one.
with recursive heads as (
    (
        select location_id, conversation, id, state, due_at
        from inbound
        where state = 'accepted'
        order by location_id, conversation, sent_at, id
        limit 1
    )
    union all
    select next.*
    from heads
    cross join lateral (
        select location_id, conversation, id, state, due_at
        from inbound
        where state = 'accepted'
            and (location_id, conversation) > (heads.location_id, heads.conversation)
        order by location_id, conversation, sent_at, id
        limit 1
    ) next
),
-- Those that are due. A conversation with a message of unknown outcome gives only that message.
due as (
    select location_id, id, state, due_at
    from heads
    where due_at <= $1
        and not exists (
            select 1
            from inbound i
            where i.location_id = heads.location_id
                and i.conversation = heads.conversation
                and i.state = 'accepted'
                and i.unconfirmed
        )
    union all
    select location_id, id, state, due_at
    from inbound
    where state = 'accepted' and unconfirmed and due_at <= $1
        -- After a replay several of one conversation may be in doubt: they keep their order.
        and not exists (
            select 1
            from inbound i
            where i.location_id = inbound.location_id
                and i.conversation = inbound.conversation
                and i.state = 'accepted'
                and i.unconfirmed
                and (i.sent_at, i.id) < (inbound.sent_at, inbound.id)
        )
),
-- Locks them one after the other, each by its key. Skips rows that another process has locked, and checks the newest
-- version of each row. `due.state` is used because, with the constant 'accepted', the planner could choose an index of
-- the waiting rows and read all of it.
locked as (
    select i.location_id, i.id
    from (select * from due order by due_at) due
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
    i.sender_name,
    coalesce(i.text, '') as "text!",
    i.sent_at as "sent_at!",
    i.accepted_at, i.failures, i.waits, i.attempt, i.unconfirmed, i.post_started_at, i.post_sequence, i.reconciliations,
    coalesce((
        select m.state = 'wanted'
        from inbound_media m
        where m.location_id = i.location_id and m.message_id = i.id
    ), false) as "lacks_file!",
    (
        select m.attachment
        from inbound_media m
        where m.location_id = i.location_id and m.message_id = i.id
    ) as attachment
