-- WhatsApp's id of the smaller picture, where a better one came before it or without it.
alter table inbound_media add column better_of text;
-- The smaller picture's file (as in the columns of this table), for the case that the better one cannot be had.
alter table inbound_media add column spare jsonb;
create index inbound_media_better on inbound_media (location_id, better_of) where better_of is not null;
