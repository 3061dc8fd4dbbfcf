-- A sub-account that GHL was asked about, and one that it was not.
insert into locations (location_id, described_at) values ('named1', '2020-01-27 09:00Z'), ('named2', null);
