-- A token that Waapify was not asked about.
insert into gateway_tokens (company_id, access_token, set_at, unchecked_by) values
    ('c7', '\x0e', '2020-02-03 09:10Z', '\x0e01');
