-- A message that answers another one.
update inbound set contact_id = 'contact27' where location_id = 'v4' and id = 2701;
