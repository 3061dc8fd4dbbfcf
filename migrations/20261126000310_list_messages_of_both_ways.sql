-- Messages of both ways in one list, without what they say and with no more of a customer's number than its end. A
-- statement that names a location, or a state that has an index of its own, and takes the newest by `id`, reads both
-- tables along an index.
create view messages as
    select 'outbound' as direction, location_id, id, state, reason_of(reason_code, reason_args) as reason, number,
        right(chat, 4) as chat_end, ghl_message_id, parts_sent, parts, accepted_at,
        false as is_echo
    from outbound
    union all
    select 'inbound', location_id, id, state, reason_of(reason_code, reason_args), number,
        right(phone, 4), ghl_message_id, null::int, null::int, accepted_at,
        -- What the business wrote and GHL does not get: as a rule the echo of a message that is in the list already.
        from_me and state = 'ignored'
    from inbound;
