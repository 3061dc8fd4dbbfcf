-- How each location stands with GHL, in one place for all statements that ask.
create view install_statuses as
    select
        l.location_id,
        l.company_id,
        l.uninstalled_at,
        case
            when l.uninstalled_at is not null then 'uninstalled'
            when t.trouble = 'needs_reinstall' then 'needs_reinstall'
            when t.trouble = 'inactive' then 'inactive'
            when t.owner_id is not null then 'installed'
            when l.token_request_refusal_code is not null then 'not_installed'
            when l.token_request_at is not null then 'pending'
            else 'unknown'
        end as install_status,
        t.owner_id is not null as has_token,
        t.trouble as token_problem,
        -- Why there is no token, or why it is not renewed.
        coalesce(
            reason_of(t.trouble_code, t.trouble_args),
            reason_of(l.token_request_refusal_code, l.token_request_refusal_args)
        ) as trouble,
        t.expires_at
    from locations l
    left join tokens t on t.owner_id = l.location_id and t.owner_kind = 'location';

-- A location as the operator sees it: its install, the number it sends from, and its last messages. Only the last rows
-- of a location are read, so that none takes long.
create view installs as
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
        ) as last_ack
    from install_statuses s
    left join numbers n on n.location_id = s.location_id and n.is_default;
