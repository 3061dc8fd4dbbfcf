-- Fails messages that have reached their age; see `aged.rs`.
-- $1 now, $2 and $3 accepted before this: people's and automated ones, $4 limit, $5 and $6 their reasons, $7 may have been
-- sent, $8 the gateway is down, $9 no install, $10 how soon GHL knows a message, $11 and $12 accepted before this, and
-- the reason, for what waits for its turn among first contacts.
with aged as (
    -- 1. The oldest of both kinds, along the index `outbound_by_age`.
    (
        select location_id, id, state
        from outbound
        where (priority > 0) = true
          and case when state = 'accepted' and not is_cold then coalesce(waits_since, accepted_at) end <= $2
        order by case when state = 'accepted' and not is_cold then coalesce(waits_since, accepted_at) end
        limit $4
    )
    union all
    (
        select location_id, id, state
        from outbound
        where (priority > 0) = false
          and case when state = 'accepted' and not is_cold then coalesce(waits_since, accepted_at) end <= $3
        order by case when state = 'accepted' and not is_cold then coalesce(waits_since, accepted_at) end
        limit $4
    )
    union all
    -- What waits for its turn among first contacts, along the index `outbound_by_cold_age`.
    (
        select location_id, id, state
        from outbound
        where case when state = 'accepted' and is_cold then coalesce(waits_since, accepted_at) end <= $11
        order by case when state = 'accepted' and is_cold then coalesce(waits_since, accepted_at) end
        limit $4
    )
),
locked as materialized (
    -- 2. Locks each by its key. What another process is changing is left for the next call.
    select aged.location_id, aged.id, held.*
    from aged
    cross join lateral (
        select c.state as now_state, c.ghl_message_id, coalesce(nullif(c.route, ''), c.number) as number, c.priority > 0 as is_persons,
            c.unconfirmed_sends > 0 as is_in_doubt,
            c.failures > 0 and c.failing = 'gateway_down' as gateway_was_down,
            c.is_waiting, c.accepted_at, c.is_cold
        from outbound c
        where c.location_id = aged.location_id and c.id = aged.id
        limit 1
        for update skip locked
    ) held
    where held.now_state = aged.state
),
judged as (
    -- 3. What it waited for.
    select l.location_id, l.id, l.ghl_message_id, l.accepted_at,
        coalesce(
            case when l.is_in_doubt then $7::jsonb end,
            reason_of(n.hold_code, n.hold_args),
            case
                when l.gateway_was_down or circuit_reason(l.location_id, n.number) is not null then $8::jsonb
                when n.number is null and l.is_waiting then $9::jsonb
                when l.is_cold then $12::jsonb
                when l.is_persons then $5::jsonb
                else $6::jsonb
            end
        ) as reason
    from locked l
    left join lateral (
        -- Its own number, or the location's.
        select number, hold_code, hold_args
        from numbers
        where location_id = l.location_id and (number = l.number or is_default)
        order by (number = l.number) is true desc
        limit 1
    ) n on true
),
noted as (
    -- 4. The timeline says so.
    insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
    select location_id, id, $1, 'failed', reason->>'code', reason->'args'
    from judged
),
told as (
    -- 5. GHL is to know; see `status_updates::queue`.
    insert into status_updates (location_id, message_id, ghl_message_id, status, reason_code, reason_args, due_at)
    select j.location_id, j.id, j.ghl_message_id, 'failed', j.reason->>'code', j.reason->'args',
        greatest($1, j.accepted_at + $10::interval)
    from judged j
    join locations l on l.location_id = j.location_id
        and (l.installed_at is not null or l.token_request_at is not null)
        and l.uninstalled_at is null
    on conflict (location_id, message_id) do update
    set status = excluded.status, reason_code = excluded.reason_code, reason_args = excluded.reason_args
)
-- 6. They have failed.
update outbound o
set state = 'failed', due_at = $1, is_waiting = false, reason_code = j.reason->>'code', reason_args = j.reason->'args'
from judged j
where o.location_id = any (array[j.location_id]) and o.id = j.id
returning j.reason as "reason!: Reason"
