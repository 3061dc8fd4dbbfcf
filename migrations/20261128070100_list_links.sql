-- The page that lists the connect links of an agency's install, by the hash of the secret in its address.
alter table connect_links add column list_hash bytea;
create index connect_links_by_list on connect_links (list_hash) where list_hash is not null;
