insert into alert_changes values ('companyX', array['2026-11-30 00:00:00+00'::timestamptz]);
