-- The list of an install (the hash of its token) that stored an agency's token while Waapify could not be asked about it: it may
-- correct it. None once it is known to be right, or was stored elsewhere.
alter table gateway_tokens add column unchecked_by bytea;
