-- Records receipts of one number; see `record_receipts` in `receipts.rs`.
-- $1 location, $2 number, $3 WhatsApp's ids, $4 levels, $5 codes of refusals, $6 now, $7 level "delivered", $8 level "read",
-- $9 how long GHL does not know a message.
with seen as (
    -- 1. Keep the receipts: levels only rise, and a refusal stays.
    insert into receipts (location_id, number, wa_message_id, level, refused, seen_at)
    -- A plan for each number of receipts would be made each time; by `select` it is hidden from the planner.
    select $1, $2, told.id, told.level, told.refused, $6
    from unnest((select $3::text[]), (select $4::int[]), (select $5::text[])) as told (id, level, refused)
    on conflict (location_id, number, wa_message_id) do update
    set level = greatest(receipts.level, excluded.level),
        refused = coalesce(receipts.refused, excluded.refused)
    returning message_id, part, level, refused
),
furthest as (
    -- 2. Of each message that is known the best copy, and whether one was refused. `offset 0` makes the planner find each by
    --    its key.
    select told.message_id, told.level, told.is_refused, o.state, o.parts
    from (
        select message_id, max(level) filter (where part is not null and refused is null) as level,
            bool_or(refused is not null) as is_refused
        from seen
        where message_id is not null
        group by message_id
    ) told
    cross join lateral (
        select state, parts
        from outbound
        where location_id = $1 and id = told.message_id
        offset 0
    ) o
),
moved as (
    -- 3. A message of one part, which has left, moves on with it.
    update outbound o
    set state = case when furthest.level >= $8 then 'read' else 'delivered' end
    from furthest
    where o.location_id = any (array[$1]) and o.id = furthest.message_id and o.parts = 1 and o.parts_sent = 1
      and not furthest.is_refused
      and (o.state = 'sent' and furthest.level >= $7 or o.state = 'delivered' and furthest.level >= $8)
    returning o.location_id, o.id, o.ghl_message_id, o.state, o.accepted_at
),
noted as (
    -- 4. Its timeline says so.
    insert into timeline (location_id, message_id, at, state)
    select location_id, id, $6, state
    from moved
),
queued as (
    -- 5. GHL is to be told, as `status_updates::queue` does it.
    insert into status_updates (location_id, message_id, ghl_message_id, status, due_at)
    select m.location_id, m.id, m.ghl_message_id, m.state,
        greatest($6, m.accepted_at + $9::interval)
    from moved m
    -- Only of a location that has the app. `offset 0` makes the planner find it by its key.
    cross join lateral (
        select 1
        from (
            select installed_at, token_request_at, uninstalled_at
            from locations
            where location_id = m.location_id
            offset 0
        ) l
        where (l.installed_at is not null or l.token_request_at is not null) and l.uninstalled_at is null
    ) installed
    on conflict (location_id, message_id) do update
    set status = excluded.status, reason_code = null, reason_args = null
)
-- 6. What is not settled by that and has not ended: messages of several parts, refusals, and receipts that moved nothing.
--    Such a one may have waited for the record of the send, which this statement does not see then.
select message_id as "message_id!: MessageId"
from furthest
where state in ('accepted', 'sending', 'unconfirmed', 'sent', 'delivered')
  and (
    parts is distinct from 1
    or is_refused
    or level >= $7 and (state <> 'delivered' or level >= $8)
        and not exists (select 1 from moved where moved.id = furthest.message_id)
  )
order by message_id
