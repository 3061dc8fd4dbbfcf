-- An edit that came before its original, and a message whose first contact was gone.
update inbound set sealed_event = 2901 where location_id = 'v4' and id = 2701;
update inbound set gone_contacts = '{contact26}' where location_id = 'v4' and id = 2701;
