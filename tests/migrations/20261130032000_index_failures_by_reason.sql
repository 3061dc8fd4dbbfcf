-- Indexes only: the rows of the files before are in them.
select 1;
