-- Stores deliveries; see `accept_deliveries` in `deliveries.rs`.
-- $1 locations, $2 GHL's ids, $3 conversations, $4 bodies, $5 when they arrived, $6 users of GHL who sent them, $7 how long a
-- conversation is under way, $8 how long a contact's tags count, $9 how long a message waits for them, $10 why it waits then,
-- $11 whether numbers are protected that nobody changed.
-- The row itself is the first step of the timeline: the view `steps` shows it.
with new as (
    insert into outbound (
        location_id, ghl_message_id, conversation, body, due_at, accepted_at, priority, has_sender, route, is_cold,
        is_waiting, reason_code, reason_args
    )
    select d.location_id, d.ghl_message_id, d.conversation, d.body,
        case when r.asks then d.accepted_at + $9::interval else d.accepted_at end,
        d.accepted_at,
        -- The priority: did the customer write lately? If not, does the delivery name a user?
        case when k.wrote_at > d.accepted_at - $7::interval then 2 else (d.sender is not null)::int end,
        d.sender is not null,
        coalesce(r.route, ''),
        -- Has the customer never written? What was typed on the business's phone, and comes back from GHL, is no
        -- message to send.
        k.wrote_at is null
        -- A location none of whose numbers is protected has no such turns.
        and exists (
            select 1
            from numbers n
            where n.location_id = d.location_id and coalesce(n.protects, d.protects)
        )
        and not exists (
            select 1
            from inbound i
            where i.location_id = d.location_id and i.ghl_message_id = d.ghl_message_id and i.from_me
        )
        and not exists (
            select 1
            from contacts c
            join inbound i on i.location_id = c.location_id and i.conversation = c.phone
            where c.location_id = d.location_id and c.contact_id = d.conversation
              and i.state = 'accepted' and i.from_me
        ),
        coalesce(r.asks, false),
        case when r.asks then $10::jsonb->>'code' end,
        case when r.asks then $10::jsonb->'args' end
    from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::text[], $11::bool[])
        as d (location_id, ghl_message_id, conversation, body, accepted_at, sender, protects)
    cross join lateral (
        -- When the customer wrote last.
        select max(c.wrote_at) as wrote_at
        from contacts c
        where c.location_id = d.location_id and c.contact_id = d.conversation
    ) k
    -- A location with one number has no choice, and pays one look for it.
    left join lateral (
        select chosen.route, chosen.asks
        from route_of(d.location_id, d.conversation, d.sender, d.accepted_at - $8::interval) chosen
        where (
            select true
            from numbers n
            where n.location_id = d.location_id and n.webhook_secret is not null and not n.is_default
            limit 1
        )
    ) r on true
    -- GHL delivers some messages twice.
    on conflict (location_id, ghl_message_id) do nothing
    returning location_id, ghl_message_id, conversation, accepted_at, is_waiting, is_cold
),
freed as (
    -- What need not wait for a turn among first contacts does not wait behind what does.
    update outbound o
    set is_cold = false, waits_since = new.accepted_at
    from new
    where not new.is_cold and o.location_id = new.location_id and o.conversation = new.conversation
      and o.state = 'accepted' and o.is_cold
),
asked as (
    -- GHL is asked for the tags of those contacts; their messages are due without them after a while.
    insert into tag_looks (location_id, contact_id, due_at)
    select location_id, conversation, min(accepted_at)
    from new
    where is_waiting
    group by location_id, conversation
    on conflict (location_id, contact_id) do nothing
)
select location_id as "location_id!: LocationId", ghl_message_id as "ghl_message_id!: GhlMessageId"
from new
