-- What is left to tell a target: what it was told beside what is open now.
--
-- $1: the channel. $2: its agency; null: everybody's incidents. $3: what began or ended before this is told. $4: what was
-- told before this is told again, and then what was told before $6, too. $5: how many at most.
select
    case when i.id is null then 'ended' when a.channel is null then 'begun' else 'lasts' end as "stage!",
    coalesce(i.id, 0) as "id!",
    coalesce(i.location_id, a.location_id) as "location_id!: LocationId",
    coalesce(i.number, a.number) as "number!",
    coalesce(i.kind, a.kind) as "kind!: IncidentKind",
    i.detail,
    reason_of(i.reason_code, i.reason_args) as "reason: Reason",
    coalesce(i.since, a.since) as "since!",
    coalesce(i.last_seen_at, a.told_at) as "last_seen_at!",
    l.company_id as "company_id: CompanyId",
    n.name as "location_name?",
    l.time_zone
from (
    select o.*
    from open_incidents o
    where not (o.kind = 'alerts' and o.number = $1)
      and (
        $2::text is null
        or o.location_id in (select location_id from locations where company_id = $2)
      )
) i
full join (select * from alerts where channel = $1) a
  on a.location_id = i.location_id and a.number = i.number and a.kind = i.kind
left join locations l on l.location_id = coalesce(i.location_id, a.location_id)
left join account_names n on n.owner_id = l.location_id
where (a.channel is null and i.since <= $3)
   or (
        i.id is not null
        and a.told_at <= $6
        and exists (select 1 from alerts due where due.channel = $1 and due.told_at <= $4)
    )
   or (i.id is null and not exists (
        select 1
        from incidents r
        where r.location_id = a.location_id
          and r.number = a.number
          and r.kind = a.kind
          and r.resolved_at > $3
    ))
-- More than one message has to wait for the next: not the worst.
order by
    i.id is null,
    coalesce(i.location_id, a.location_id) <> '',
    coalesce(i.kind, a.kind) in ('undelivered', 'unheard'),
    a.channel is not null,
    coalesce(i.since, a.since), 3, 4, 5
limit $5
