-- A name with accents, and one of other letters.
insert into contacts (location_id, phone, contact_id, name) values
    ('v4', '60120000401', 'contact-401', 'Café Đà Nẵng'),
    ('v4', '60120000402', 'contact-402', '海鲜酒楼');
