-- A link in a list.
update connect_links set list_hash = '\x6c697374' where token_hash = '\x2702';
