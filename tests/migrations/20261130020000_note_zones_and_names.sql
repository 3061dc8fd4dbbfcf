-- A sub-account whose zone is known, and one whose zone is not.
insert into locations (location_id, time_zone) values ('zoned1', 'Asia/Kuala_Lumpur'), ('zoned2', null);
insert into contacts (location_id, phone, contact_id, name) values ('zoned1', '60123456789', 'contact1', 'Aminah'), ('zoned1', '60123456780', 'contact2', null);
