-- GHL's conversation with the contact: after a lost answer it is read at once, without the search that lags behind.
alter table contacts add column conversation_id text;
