-- Rows that earlier migrations left half converted.

-- The conversation of a sender whose phone number is hidden is a LID with its server (`@lid`) since 20261121150000, which
-- left out messages that an uninstall had already made `failed`. Replayed, their LID would be taken for a phone number.
update inbound set conversation = conversation || '@lid'
where phone is null and not from_me and conversation ~ '^[0-9]+$' and state in ('accepted', 'held', 'failed');

-- 20261126000200 gave causes without arguments empty ones, with which they are no reason that this program knows.
update timeline set cause_args = cause_args #- '{cause,args}'
where cause_code = 'ghl_not_told' and cause_args #> '{cause,args}' = '{"words": ""}' and cause_args #>> '{cause,code}' <> 'other';
