-- A contact without a name for which GHL was asked.
update contacts set name_asked_at = '2026-11-30 00:00:00+00' where name is null;
