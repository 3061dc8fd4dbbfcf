insert into alert_changes values
    ('companyX', array['2026-11-30 00:00:00+00'::timestamptz]),
    ('companyY', array['2026-11-30 00:00:01+00'::timestamptz, '2026-11-30 00:00:02+00'::timestamptz]);
