-- When an agency set its targets of alerts lately: the limit is taken in the transaction of the change.
create table alert_changes (
    company_id text primary key,
    changed_at timestamptz[] not null
);
