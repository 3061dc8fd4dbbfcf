-- The messages of a location that are wanted, newest first; see `list_entries` in `overview.rs`.
-- $1 location, $2 limit, $3 before this id, $4 states (none: any), $5 messages of each direction that are looked at, $6 a pattern
-- of the customer's name, $7 one of the number's last digits.
select m.direction as "direction!: Direction", m.id as "id!: MessageId", m.state as "state!: MessageState",
    m.chat_end, customer_name($1, m.direction, m.id) as customer, m.accepted_at as "accepted_at!",
    coalesce(
        -- Why it waits, if its number is protected.
        case when m.direction = 'outbound' and m.state = 'accepted' then (
            select protection_reason(o.location_id, o.route, o.is_cold, o.source, o.has_sender)
            from outbound o
            where o.location_id = $1 and o.id = m.id
        ) end,
        -- The last cause of its state, along `timeline_by_message`.
        (
            select reason_of(t.cause_code, t.cause_args)
            from timeline t
            where t.location_id = $1 and t.message_id = m.id and t.state = m.state
            order by t.at desc, t.step desc
            limit 1
        ),
        -- What waits for a number of its own has not been tried while that is on hold.
        (
            select coalesce(reason_of(o.reason_code, o.reason_args), reason_of(n.hold_code, n.hold_args))
            from outbound o
            left join numbers n on n.location_id = o.location_id and n.number = o.route
            where o.location_id = $1 and o.id = m.id and o.state = 'accepted' and m.state = 'accepted'
        )
    ) as "why: Reason"
from (
    -- Searched among the newest messages to WhatsApp, and among the newest from WhatsApp.
    (
        select direction, id, state, chat_end, accepted_at
        from (
            select *
            from messages
            where location_id = $1 and direction = 'outbound' and id < $3
            order by id desc
            limit $5
        ) o
        where ($4::text[] = '{}' or state = any($4))
            and (
                $6::text is null
                or chat_end like $7
                or id = any(array(
                    select sent.id
                    from (
                        select id, conversation
                        from outbound
                        where location_id = $1 and id < $3
                        order by id desc
                        limit $5
                    ) sent
                    where sent.conversation in (
                        select contact_id
                        from contacts
                        where location_id = $1 and plain_text(name) like plain_text($6)
                    )
                ))
            )
        order by id desc
        limit $2
    )
    union all
    (
        select direction, id, state, chat_end, accepted_at
        from (
            select *
            from messages
            where location_id = $1 and direction = 'inbound' and id < $3
            order by id desc
            limit $5
        ) i
        where ($4::text[] = '{}' or state = any($4))
            and not is_echo
            and (
                $6::text is null
                or chat_end like $7
                or id = any(array(
                    select came.id
                    from (
                        select id, conversation
                        from inbound
                        where location_id = $1 and id < $3
                        order by id desc
                        limit $5
                    ) came
                    where came.conversation in (
                        select phone
                        from contacts
                        where location_id = $1 and plain_text(name) like plain_text($6)
                    )
                ))
            )
        order by id desc
        limit $2
    )
) m
order by m.id desc
limit $2
