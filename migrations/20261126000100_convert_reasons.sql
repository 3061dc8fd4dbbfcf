-- What is kept as a sentence becomes a code: the triggers of the migration before do that to each row. Apart from it, so
-- that nobody waits for the tables themselves meanwhile.

-- Before the timeline, which tells what a message's own row does not.
update outbound set reason = reason where reason is not null;
update status_updates set error_code = error_code where error_code is not null;
update inbound set reason = reason where reason is not null;
update media set reason = reason where reason is not null;
update gateway_events set reason = reason where reason is not null;
update app_events set reason = reason where reason is not null;
update numbers set hold_reason = hold_reason where hold_reason is not null;
update tokens set trouble_detail = trouble_detail where trouble_detail is not null;
update locations set mint_refusal = mint_refusal where mint_refusal is not null;
update app_keys set refusal = refusal where refusal is not null;
update troubles set detail = detail where detail is not null and kind = 'reinstall';
update timeline set cause = cause where cause is not null;
