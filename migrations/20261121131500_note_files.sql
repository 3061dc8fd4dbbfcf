-- What the servers of an attachment said about each file before the message's first part left: [{"name", "type"}].
-- null: nobody has asked yet, or there is nothing to ask.
alter table outbound add column files jsonb;
