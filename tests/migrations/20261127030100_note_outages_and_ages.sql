-- A location for which GHL is down with what waits for it, and a message that was replayed.
update rate_limits set down_since = '2020-01-26 09:00Z', probe_at = '2020-01-26 09:01Z'
where owner_id = (select min(owner_id) from rate_limits);
update inbound set is_down = true where location_id = 'v4' and id = 2601;
update status_updates set is_down = true where message_id = (select min(message_id) from status_updates);
update outbound set waits_since = '2020-01-27 09:00Z' where location_id = 'v4' and id = 2501;
