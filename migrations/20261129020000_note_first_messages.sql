-- Whether anything has proven a set-up: a message each way, and a call of each number's webhook.

alter table locations
    -- When a message of the business was first known to have left, and one of a customer to be in GHL.
    add column sent_at timestamptz,
    add column posted_at timestamptz;
-- When Waapify was first known to have posted an event of it.
alter table numbers add column heard_at timestamptz;

update locations l
set sent_at = now()
where exists (
    select 1
    from outbound o
    where o.location_id = l.location_id and o.state in ('sent', 'delivered', 'read')
);
update locations l
set posted_at = now()
where exists (
    select 1
    from inbound i
    where i.location_id = l.location_id and i.state = 'posted' and not i.from_me
);
update numbers n
set heard_at = n.connected_at
where exists (
    select 1
    from waapify_events e
    where e.location_id = n.location_id and e.number = n.number
);

alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check check (
    kind in ('provider', 'link', 'silence', 'reinstall', 'replaced', 'restricted', 'undelivered', 'unheard')
);

-- How far each location's set-up is proven. While it is not known that a message went, the newest 2,000 rows of that
-- direction are searched, so that a page shows the first one at once.
create view setups as
    select
        l.location_id,
        (
            select min(n.connected_at)
            from numbers n
            where n.location_id = l.location_id and n.webhook_secret is not null
        ) as connected_at,
        exists (select 1 from outbound o where o.location_id = l.location_id) as has_delivery,
        case
            when l.sent_at is not null then true
            else exists (
                select 1
                from (
                    select state
                    from outbound
                    where location_id = l.location_id
                    order by id desc
                    limit 2000
                ) o
                where o.state in ('sent', 'delivered', 'read')
            )
        end as has_sent,
        case
            when l.posted_at is not null then true
            else exists (
                select 1
                from (
                    select state, from_me
                    from inbound
                    where location_id = l.location_id
                    order by id desc
                    limit 2000
                ) i
                where i.state = 'posted' and not i.from_me
            )
        end as has_posted
    from locations l;

-- The incidents that last. That GHL delivers nothing ends with its first delivery, before the monitor looks again.
create view open_incidents as
    select i.*
    from incidents i
    where i.resolved_at is null
      and not (i.kind = 'undelivered' and exists (select 1 from outbound o where o.location_id = i.location_id));

-- With how far the set-up is proven, and what is wrong.
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
        ) as incident_kinds
    from install_statuses s
    join setups p on p.location_id = s.location_id
    left join numbers n on n.location_id = s.location_id and n.is_default;
