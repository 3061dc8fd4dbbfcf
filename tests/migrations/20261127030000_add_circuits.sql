-- A number whose sends fail, the gateway, and a message that fails since then.
insert into circuits (location_id, target, failures, last_message, since, probe_at, probe_message, probes, is_risky,
    reason_code, reason_args) values
    ('v4', '60100000024', 1, 2501, '2020-01-26 09:00Z', null, null, 0, true, 'waapify_no_result',
        '{"status": 504}'),
    ('', '', 3, 2502, '2020-01-26 09:05Z', '2020-01-26 09:01Z', 2502, 2, false, 'gateway_fails',
        '{"cause": {"code": "waapify_page", "args": {"status": 502}}}');
update outbound set failing_since = '2020-01-26 09:00Z' where location_id = 'v4' and id = 2501;
