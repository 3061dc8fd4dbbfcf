-- Names beside ids: GHL is asked for a sub-account's name once a day.

-- When GHL was last asked.
alter table locations add column described_at timestamptz;

-- With what GHL calls the sub-account and its agency.
create or replace view installs as
    select
        s.location_id,
        s.company_id,
        s.uninstalled_at,
        s.install_status,
        s.has_token,
        s.token_problem,
        s.trouble,
        s.expires_at,
        n.number,
        reason_of(n.hold_code, n.hold_args) as hold_reason,
        -- When GHL delivered the last message of the business.
        (
            select o.accepted_at
            from outbound o
            where o.location_id = s.location_id
            order by o.id desc
            limit 1
        ) as last_out,
        -- When the last message of a customer came, if it is among the last 200.
        (
            select i.accepted_at
            from (
                select accepted_at, from_me
                from inbound
                where location_id = s.location_id
                order by id desc
                limit 200
            ) i
            where not i.from_me
            limit 1
        ) as last_in,
        -- When WhatsApp last confirmed one of the last 20 messages.
        (
            select max(t.at)
            from (
                select id
                from outbound
                where location_id = s.location_id
                order by id desc
                limit 20
            ) o
            join timeline t on t.location_id = s.location_id and t.message_id = o.id
            where t.state in ('delivered', 'read')
        ) as last_ack,
        p.connected_at,
        p.has_sent,
        p.has_posted,
        array(
            select i.kind
            from open_incidents i
            where i.location_id = s.location_id
            order by i.since, i.id
        ) as incident_kinds,
        (select name from account_names where owner_id = s.location_id) as name,
        (select name from account_names where owner_id = s.company_id) as company_name
    from install_statuses s
    join setups p on p.location_id = s.location_id
    left join numbers n on n.location_id = s.location_id and n.is_default;
