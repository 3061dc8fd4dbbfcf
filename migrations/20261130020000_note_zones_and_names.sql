-- Times and names as people know them: both are in answers of GHL that are read anyway.

-- The sub-account's time zone by its IANA name, such as Asia/Kuala_Lumpur.
alter table locations add column time_zone text;

-- What GHL calls the contact; none if it has not told yet.
alter table contacts add column name text;

-- What GHL calls the customer of a message, where it is known. Each branch reads one row of an index: the contact's id is
-- the conversation of what GHL delivers, the phone that of what WhatsApp brings.
create function customer_name(a_location text, a_direction text, a_message bigint) returns text language sql stable as $$
    select name
    from (
        select c.name
        from contacts c
        where a_direction = 'outbound'
            and c.location_id = a_location
            and c.contact_id = (
                select o.conversation
                from outbound o
                where o.location_id = a_location and o.id = a_message
            )
        union all
        select c.name
        from contacts c
        where a_direction = 'inbound'
            and c.location_id = a_location
            and c.phone = (
                select i.conversation
                from inbound i
                where i.location_id = a_location and i.id = a_message
            )
    ) c
    where name is not null
    limit 1
$$;
