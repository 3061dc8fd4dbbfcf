-- A name with accents, and one of other letters.
insert into contacts (location_id, phone, contact_id, name) values
    ('v4', '60120000201', 'contact-201', 'Café Đà Nẵng'),
    ('v4', '60120000202', 'contact-202', '海鲜酒楼');
