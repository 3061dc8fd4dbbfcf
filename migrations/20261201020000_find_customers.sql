-- Customers by name and by number, wherever they are: for the operator's search, and for names that GHL has to be asked for.

-- When GHL was asked what it calls the contact; none: never, or a name was told without a question.
alter table contacts add column name_asked_at timestamptz;

-- Whose names are to be asked for, the newest last.
create index contacts_nameless on contacts (location_id, learnt_at) where name is null and name_asked_at is null;

create index contacts_by_phone on contacts (phone);

-- The words of a name. What is a sign of punctuation in ASCII separates words, too.
create index contacts_by_name on contacts using gin (
    array_to_tsvector(array_remove(string_to_array(translate(lower(name), '().,;:/&"''-_', '            '), ' '), ''))
);
