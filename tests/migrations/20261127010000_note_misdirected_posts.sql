-- A delivery that arrived at the app's webhook, and a location of which only a delivery told.
insert into misdirected_posts (kind, last_at) values ('delivery_at_app', '2020-01-27 09:00Z'), ('plain_address', '2020-01-27 10:00Z');
insert into locations (location_id, check_at, named_by_delivery, agencies_asked_at) values
    ('w5', '2020-01-27 09:00Z', true, '2020-01-27 09:00Z'),
    ('w6', '2020-01-27 09:00Z', true, '2020-01-27 10:00Z');
