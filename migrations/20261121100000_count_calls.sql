-- GHL's limit on calls, one budget for each location (or company) and shared by all processes.
create table call_budgets (
    owner_id text primary key,
    -- Calls since the window began, of how many.
    used int not null,
    max int not null default 100,
    window_ends_at timestamptz not null,
    window_ms int not null default 10000,
    -- GHL said "too many", or the day's calls are used up: no call before then.
    paused_until timestamptz,
    -- Few of the day's calls are left: none but for customers' messages before then.
    saving_until timestamptz
);
