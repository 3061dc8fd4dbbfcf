-- Another phone than the number's is linked to its instance: nothing is sent from it and nothing taken from it, until
-- the number's own phone is linked or it is connected anew.
alter table numbers add column other_phone boolean not null default false;
