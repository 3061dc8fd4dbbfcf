-- A file that waited.
update inbound_media set waits = 2
where (location_id, message_id) = (select location_id, message_id from inbound_media order by location_id, message_id limit 1);
