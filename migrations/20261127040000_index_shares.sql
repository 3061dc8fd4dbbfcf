-- What a location has waiting is found by when it is due, however much others have waiting, so that each claim can take some of
-- each location. `is not null`, although it always holds, keeps the planner from using these indexes for statements that do not ask when something is due.
create index inbound_due on inbound (location_id, due_at, id) where state = 'accepted' and due_at is not null;
create index status_updates_of_location on status_updates (location_id, due_at) where due_at is not null;
