-- Times and names as people know them: both are in answers of GHL that are read anyway.

-- The sub-account's time zone by its IANA name, such as Asia/Kuala_Lumpur.
alter table locations add column time_zone text;

-- What GHL calls the contact; none if it has not told yet.
alter table contacts add column name text;
