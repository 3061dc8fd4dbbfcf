-- What kind of failure outbound.failures counts; it begins anew when the kind changes. null: none since this column is.
alter table outbound add column failing text;
-- Claims in a row that nobody ended and of which nothing left: their process stopped, perhaps because of the message.
alter table outbound add column lost_claims integer not null default 0;
