-- A location's own rules for the number that a message leaves from, where its contact is in touch with none.

create table number_rules (
    location_id text not null,
    -- 'user': what this user of GHL writes; 'tag': to contacts with this tag; 'share': of new contacts.
    kind text not null check (kind in ('user', 'tag', 'share')),
    -- The user's id, the tag in small letters; of a share the number.
    subject text not null check (subject <> ''),
    number text not null,
    -- Of a share: its part of the sum.
    weight int check (weight between 1 and 100),
    primary key (location_id, kind, subject),
    check ((kind = 'share') = (weight is not null))
);

-- What happens to messages whose number is on hold; no row: 'mixed'.
create table routing_settings (
    location_id text primary key,
    -- 'mixed': a conversation waits a day, what no person waits for leaves from the default number at once; 'wait': all wait;
    -- 'leave': all leave from the default number at once.
    when_held text not null check (when_held in ('mixed', 'wait', 'leave'))
);

-- The tags of contacts, as GHL said, where a location has rules for tags. A contact that was never written to has no row in
-- `contacts`.
create table contact_tags (
    location_id text not null,
    contact_id text not null,
    tags text[] not null,
    said_at timestamptz not null,
    primary key (location_id, contact_id)
);

-- Contacts whose tags GHL is to be asked for, because a message waits for them.
create table tag_looks (
    location_id text not null,
    contact_id text not null,
    due_at timestamptz not null,
    attempt int not null default 0,
    failures int not null default 0,
    primary key (location_id, contact_id)
);

create index tag_looks_due on tag_looks (due_at);

drop function route_of(text, text);

-- The number for a new message to a contact, by a user of GHL if one is named: '' is the default. `asks` says that the
-- contact's tags would decide, which nobody has read since $4. Asked only where a location has more than one number.
create function route_of(a_location text, a_contact text, a_user text, since timestamptz, out route text, out asks boolean)
language sql stable as $$
    with connected as materialized (
        select number
        from numbers
        where location_id = a_location and webhook_secret is not null
    ),
    rules as materialized (
        select r.kind, r.subject, r.number, r.weight
        from number_rules r
        join connected using (number)
        where r.location_id = a_location
    ),
    own as (
        -- The one that the contact is in touch with; else that of the user.
        select coalesce(
            (
                select c.last_number
                from contacts c
                join connected n on n.number = c.last_number
                where c.location_id = a_location and c.contact_id = a_contact
                order by c.wrote_at desc nulls last
                limit 1
            ),
            (
                select number
                from rules
                where kind = 'user' and subject = a_user
            )
        ) as number
    ),
    known as (
        select tags, said_at
        from contact_tags
        where location_id = a_location and contact_id = a_contact
    ),
    shares as (
        -- Where the contact's place falls: always in the same share, as long as the shares stay.
        select number, sum(weight) over (order by number) as upto, sum(weight) over () as total
        from rules
        where kind = 'share'
    )
    select coalesce(
            own.number,
            -- Of several tags the first by the alphabet.
            (
                select r.number
                from known
                join rules r on r.kind = 'tag' and r.subject = any (known.tags)
                order by r.subject
                limit 1
            ),
            (
                select number
                from shares
                where ('x' || substr(md5(a_contact), 1, 8))::bit(32)::bigint % total < upto
                order by upto
                limit 1
            ),
            ''
        ),
        own.number is null
            and exists (select 1 from rules where kind = 'tag')
            and not exists (select 1 from known where said_at > since)
    from own
$$;
