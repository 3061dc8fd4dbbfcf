-- A target whose server has a certificate that is not trusted here.
insert into alert_channels (channel, due_at, failures, failing_since, fault)
values ('agency/c5/webhook', '2020-01-30T12:00:00Z', 1, '2020-01-30T11:59:00Z', 'untrusted');
