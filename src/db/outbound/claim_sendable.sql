-- Claims at most one due message of each number that may send now; see `claim_sendable` in `mod.rs`.
-- $1 now, $2 end of the lease, $3 pause of numbers without one of their own in ms, $4 limit, $5 factor of the pause.
-- $6 messages that a number may have in hand, $7 how many more where it has some (`Capacity` in `src/db/queue.rs`), $8 rows that
-- are looked at for one message of a number, $9 where a look at its conversations begins.
-- $10, $11 location and number of an open circuit, for its probe; both empty for the gateway's; null: no probes.
-- $12 whether numbers are protected that nobody changed.
with gateway as materialized (
    select exists (
        select 1
        from circuits
        where location_id = '' and probe_at is not null
    ) as is_open
),
fresh as materialized (
    -- 1. Connected numbers with no pause left, each with its first message by priority. Skips a number without a due
    --    message, so that it does not use up the limit. Locks the numbers, so that two workers cannot both use one
    --    pause; does not lock the messages yet.
    select n.location_id, n.number, n.instance_id, n.access_token,
        n.hold_code is not null as is_held, o.id, o.attempt, o.is_cold and p.is_protected as is_cold, p.is_protected
    from numbers n
    cross join lateral (
        -- To people who never wrote it sends one message at a time, and not before its turn; after WhatsApp refused several,
        -- it sends what people write.
        select is_protected, is_protected and n.cold_next_at > $1 as is_waiting, is_protected and n.stopped_at is not null as is_stopped
        from (values (coalesce(n.protects, $12::bool))) v (is_protected)
    ) p
    cross join lateral (
        -- What waits for this number, and for the default one what waits for no other; cold messages while it may send one.
        with first as materialized (
            select q.id, q.attempt, q.conversation, q.due_at, q.is_cold, q.priority, q.source, q.has_sender
            from (
                (
                    select id, attempt, priority, conversation, due_at, is_cold, source, has_sender
                    from outbound
                    where location_id = n.location_id and route = '' and not is_cold and state = 'accepted' and n.is_default
                    order by priority desc, id
                    limit $8
                )
                union all
                (
                    select id, attempt, priority, conversation, due_at, is_cold, source, has_sender
                    from outbound
                    where location_id = n.location_id and route = n.number and not is_cold and state = 'accepted'
                    order by priority desc, id
                    limit $8
                )
                union all
                (
                    select id, attempt, priority, conversation, due_at, is_cold, source, has_sender
                    from outbound
                    where location_id = n.location_id and route = '' and is_cold and state = 'accepted' and n.is_default
                      and p.is_waiting is not true
                    order by priority desc, id
                    limit $8
                )
                union all
                (
                    select id, attempt, priority, conversation, due_at, is_cold, source, has_sender
                    from outbound
                    where location_id = n.location_id and route = n.number and is_cold and state = 'accepted'
                      and p.is_waiting is not true
                    order by priority desc, id
                    limit $8
                )
            ) q
            order by q.priority desc, q.id
            limit $8
        )
        (
            -- Usually it is among the first by priority. What waits behind a blocked message is not read to its end.
            select c.id, c.attempt, c.is_cold
            from first c
            where c.due_at <= $1
              and (p.is_stopped is not true or c.priority >= 3 or c.source = 'unknown' and c.has_sender)
              -- No message overtakes another in its conversation, whichever number that leaves from.
              and c.id = (
                select open.id
                from outbound open
                where open.location_id = n.location_id and open.conversation = c.conversation
                  and open.state in ('accepted', 'sending', 'unconfirmed')
                order by open.location_id, open.conversation, open.id
                limit 1
              )
        )
        union all
        (
            -- Otherwise the first messages of its location's conversations are looked at, some from the first conversation on
            -- and some from one by chance, so that none is passed over for ever. Only where more wait than were read above.
            select head.id, head.attempt, head.is_cold
            from (
                select place.conversation
                from (values (''), ($9::text)) as place (conversation)
                where (select count(*) from first) = $8
            ) begin
            cross join lateral (
                with recursive walk as (
                    (
                        select conversation, id, attempt, priority, state, due_at, route, is_cold, source, has_sender
                        from outbound
                        where location_id = n.location_id and conversation >= begin.conversation
                          and state in ('accepted', 'sending', 'unconfirmed')
                        order by location_id, conversation, id
                        limit 1
                    )
                    union all
                    select next.*
                    from walk
                    cross join lateral (
                        select conversation, id, attempt, priority, state, due_at, route, is_cold, source, has_sender
                        from outbound
                        where location_id = n.location_id and conversation > walk.conversation
                          and state in ('accepted', 'sending', 'unconfirmed')
                        order by location_id, conversation, id
                        limit 1
                    ) next
                )
                select *
                from walk
                limit $8
            ) head
            where head.state = 'accepted' and head.due_at <= $1
              and (head.route = n.number or head.route = '' and n.is_default)
              and (not head.is_cold or p.is_waiting is not true)
              and (p.is_stopped is not true or head.priority >= 3 or head.source = 'unknown' and head.has_sender)
            order by head.priority desc, head.id
        )
        -- One message a pause; without a pause, as many at once as the number may have in hand, unless the last send failed.
        limit least(
            coalesce(((select $7::text::jsonb)->>(n.location_id || ' ' || n.number))::bigint, $6),
            case
                when coalesce(n.min_interval_ms, $3::bigint) > 0 then 1
                when exists (
                    select 1
                    from circuits k
                    where (k.location_id, k.target) in (('', ''), (n.location_id, n.number))
                ) then 1
                else $4::bigint
            end
        )
    ) o
    where (n.is_default or n.webhook_secret is not null) and not n.other_phone and n.next_send_at <= $1
      -- One look instead of up to four where nothing waits for it.
      and (
        select n.is_default or w.route = n.number
        from outbound w
        where w.location_id = n.location_id and w.route >= case when n.is_default then '' else n.number end
          and w.state = 'accepted'
        order by w.route, w.is_cold, w.priority desc, w.id
        limit 1
      )
      -- Nothing new into an open circuit, except its probe.
      and case
        when $10::text <> '' then n.location_id = $10 and n.number = $11
        else ($10 is not null or not (select is_open from gateway))
            and not exists (
                select 1
                from circuits k
                where k.location_id = n.location_id and k.target = n.number and k.probe_at is not null
            )
      end
    order by n.next_send_at
    limit $4
    for update of n skip locked
),
ready as materialized (
    -- 2. Of a number's cold messages one at most, however many it may send at once.
    select *
    from (
        select *, row_number() over (partition by location_id, number, is_cold order by id) as place
        from fresh
    ) ranked
    where not is_cold or place = 1
),
taken as materialized (
    -- 3. Locks each message by its key and keeps those that have not changed. A message that another transaction is
    --    changing is left for the next poll. `limit 1` keeps the conditions outside: inside, the planner could choose
    --    an index of all waiting messages.
    select ready.*
    from ready
    cross join lateral (
        select c.state, c.due_at, c.attempt
        from outbound c
        where c.location_id = ready.location_id and c.id = ready.id
        limit 1
        for update skip locked
    ) locked
    where locked.state = 'accepted' and locked.due_at <= $1 and locked.attempt = ready.attempt
),
paced as (
    -- 4. Starts the pause of each number with a taken message, and of no other number. After a cold message no other is
    --    taken before the end of the lease: how it ends decides when the next one may leave.
    update numbers n
    set next_send_at = $1
            + coalesce(n.min_interval_ms, $3::bigint) * $5::float8 * interval '1 millisecond',
        cold_next_at = case when used.is_cold then $2 else n.cold_next_at end
    from (
        select location_id, number, bool_or(is_cold) as is_cold
        from taken
        group by location_id, number
    ) used
    where n.location_id = used.location_id and n.number = used.number
)
-- 5. Gives the taken messages to this owner until the end of the lease.
update outbound o
set state = 'sending', is_waiting = false, attempt = o.attempt + 1, due_at = $2,
    number = taken.number
from taken
where o.location_id = taken.location_id and o.id = taken.id
returning o.location_id, o.id, o.ghl_message_id, o.body, o.files::text as files,
    o.number, taken.instance_id, taken.access_token, taken.is_held as "is_held!",
    o.parts_sent, o.failures, o.failing, o.crashed_attempts, o.unconfirmed_sends, o.attempt,
    o.accepted_at, o.failing_since,
    -- The last sends from its number, or of all numbers, failed.
    exists (
        select 1
        from circuits k
        where (k.location_id, k.target) in (('', ''), (o.location_id, o.number))
    ) as "is_failing!",
    -- The message that GHL delivers was written on the business's phone and posted by us.
    exists (
        select 1
        from inbound i
        where i.location_id = o.location_id and i.ghl_message_id = o.ghl_message_id
          and i.from_me
    ) as "is_echo!",
    -- Such a message to the same contact is on its way to GHL, which may have it already.
    (
        select i.text
        from contacts c
        join inbound i on i.location_id = c.location_id and i.conversation = c.phone
        where c.location_id = o.location_id and c.contact_id = o.conversation
          and i.state = 'accepted' and i.unconfirmed and i.from_me
        limit 1
    ) as mirroring,
    case when taken.is_cold then $2::timestamptz end as cold_until,
    -- A person wrote it to somebody who never wrote, which takes a place of the day's cap.
    coalesce(
        taken.is_protected and (o.source = 'app' or o.source = 'unknown' and o.has_sender) and not exists (
            select 1
            from contacts c
            where c.location_id = o.location_id and c.contact_id = o.conversation and c.wrote_at is not null
        ),
        false
    ) as "is_persons_first!"
