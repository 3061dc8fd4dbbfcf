-- Sends that fail for everybody, whatever the message: then nothing new is sent into the gateway except a probe.

-- One row for each number whose last sends failed in that way, and one with an empty location for the gateway as a whole,
-- whose `target` is empty as well. The next send that the gateway answers deletes it.
create table circuits (
    location_id text not null,
    -- The number, digits.
    target text not null,
    -- Failures in a row, each of another message than the one before it.
    failures integer not null default 1,
    last_message bigint not null,
    since timestamptz not null,
    -- Nothing is sent except a probe, the next one at this time. Null while there were few failures.
    probe_at timestamptz,
    -- The message that is the probe on its way, and how many in a row failed in the way of `is_risky`.
    probe_message bigint,
    probes integer not null default 0,
    -- The last failure may have sent its message.
    is_risky boolean not null,
    reason_code text not null,
    reason_args jsonb,
    primary key (location_id, target)
);

-- Why nothing is sent from a number, if its circuit or that of the gateway is open.
create function circuit_reason(a_location text, a_number text) returns jsonb
language sql stable as $$
    select reason_of(reason_code, reason_args)
    from circuits
    where (location_id, target) in (('', ''), (a_location, a_number)) and probe_at is not null
    order by location_id
    limit 1
$$;

-- When the failures began that `failures` counts. Null in rows of older versions.
alter table outbound add column failing_since timestamptz;
