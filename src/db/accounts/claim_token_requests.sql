with
    known as (
        select location_id
        from locations
        where token_request_at <= $1 and not (named_by_delivery and company_id is null)
        order by company_id is null, token_request_at
        limit $3
        for update skip locked
    ),
    -- All agencies are asked about each of these, so that few are taken in a while, first those never asked about.
    named as (
        select location_id
        from locations
        where token_request_at <= $1 and named_by_delivery and company_id is null
        order by token_request_failures, token_request_at
        limit greatest(0, least(
            $3 - (select count(*) from known),
            $4 - (select count(*) from locations where agencies_asked_at > $5)
        ))
        for update skip locked
    )
update locations l
set token_request_at = $2,
    agencies_asked_at = case
        when l.named_by_delivery and l.company_id is null then $1
        else l.agencies_asked_at
    end
where l.location_id in (select location_id from known union all select location_id from named)
returning
    l.location_id,
    l.company_id,
    l.token_request_failures,
    l.token_request_refusal_code is not null as "was_refused!",
    l.token_request_at as "token_request_at!"
