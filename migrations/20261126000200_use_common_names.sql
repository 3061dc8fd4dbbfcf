-- Tables and columns get the words that the field has for them, and what the codes of reasons have replaced goes. A
-- process of an older version cannot work beside this schema: stop it before.

-- The sentences that older versions kept, and what converted them.
drop function take_old_outbound_reason, take_old_error, take_old_reason, old_failure, old_reason cascade;
drop table old_sentences;
alter table outbound drop column reason;
alter table inbound drop column reason;
alter table media drop column reason;
alter table gateway_events drop column reason;
alter table app_events drop column reason;
alter table timeline drop column cause;
alter table numbers drop column hold_reason;
alter table status_updates drop column error_code, drop column error_message;
alter table tokens drop column trouble_detail;
alter table locations drop column mint_refusal;
alter table app_keys drop column refusal;
alter table locations rename column mint_refusal_code to token_request_refusal_code;
alter table locations rename column mint_refusal_args to token_request_refusal_args;

alter table gateway_events rename to waapify_events;
alter index gateway_events_waiting rename to waapify_events_waiting;
alter index gateway_events_pkey rename to waapify_events_pkey;
alter table app_events rename to ghl_events;
alter index app_events_waiting rename to ghl_events_waiting;
alter index app_events_of_contact rename to ghl_events_of_contact;
alter index app_events_pkey rename to ghl_events_pkey;
alter table offers rename to pending_connections;
alter index offers_due rename to pending_connections_due;
alter index offers_pkey rename to pending_connections_pkey;
alter table troubles rename to incidents;
alter index troubles_open rename to incidents_open;
alter index troubles_pkey rename to incidents_pkey;
alter table incidents rename column healed_at to resolved_at;
alter table app_keys rename to client_credentials;
alter index app_keys_pkey rename to client_credentials_pkey;
alter table call_budgets rename to rate_limits;
alter index call_budgets_pkey rename to rate_limits_pkey;
alter table rate_limits rename column saving_until to reserve_until;
alter table media rename to inbound_media;
alter index media_wanted rename to inbound_media_wanted;
alter index media_pkey rename to inbound_media_pkey;

-- `attempt` counts how often a row was taken: the fence against an owner whose lease has run out.
alter table outbound rename column claims to attempt;
alter table outbound rename column lost_claims to crashed_attempts;
alter table outbound rename column departed to started_attempt;
alter table outbound rename column rank to priority;
alter table inbound rename column claims to attempt;
alter table inbound rename column departed_at to post_started_at;
alter table inbound rename column departed_place to post_sequence;
alter table inbound rename column unclear to unconfirmed;
alter table inbound rename column looks to reconciliations;
alter index inbound_departed rename to inbound_post_started;
alter index inbound_unclear rename to inbound_unconfirmed;
alter table inbound_media rename column claims to attempt;
alter table status_updates rename column claims to attempt;
alter table waapify_events rename column claims to attempt;
alter table ghl_events rename column claims to attempt;
alter table ghl_events rename column place to sequence;

alter table locations rename column mint_at to token_request_at;
alter table locations rename column mint_failures to token_request_failures;
alter index locations_to_mint rename to locations_to_request_token;
alter table locations rename column watch_at to check_at;
alter table locations rename column watch_lease_until to check_lease_until;
alter table locations rename column watched_at to checked_at;
alter index locations_to_watch rename to locations_to_check;

-- A status that GHL did not take was a state of its own; it is a cause.
update timeline set
    state = replace(state, ' (GHL was not told)', ''),
    cause_code = 'ghl_not_told',
    cause_args = jsonb_build_object('cause', reason_of(coalesce(cause_code, 'other'), coalesce(cause_args, '{"words": ""}')))
where state like '% (GHL was not told)';
