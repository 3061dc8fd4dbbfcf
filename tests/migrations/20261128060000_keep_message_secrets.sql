-- Two messages that may be edited.
update inbound set message_secret = decode(repeat('07', 32), 'hex')
where (location_id, id) = (select location_id, id from inbound order by location_id, id limit 1);
update inbound set message_secret = decode(repeat('08', 32), 'hex')
where (location_id, id) = (select location_id, id from inbound order by location_id desc, id desc limit 1);
