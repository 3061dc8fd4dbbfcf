-- Every step of a message, with the first of one that GHL delivered: that it was accepted is in its own row, so that
-- accepting writes one row only. Rows of an older version, which wrote that step too, are not shown twice.
create view steps as
    select location_id, id as message_id, 0::bigint as step, accepted_at as at, 'accepted' as state,
        'GHL delivered it' as cause
    from outbound
    union all
    select location_id, message_id, step, at, state, cause from timeline
    where cause is distinct from 'GHL delivered it';
