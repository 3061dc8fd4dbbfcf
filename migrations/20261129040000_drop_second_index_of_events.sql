-- `waapify_events_in_order` does all that this index did since events have places. Each event cost an entry in both.
drop index waapify_events_waiting;
