-- Reasons are codes with arguments from now on, and their sentences are made when they are shown. Each column that held a
-- sentence gets two beside it, `…_code` and `…_args` (a JSON object, null for a code without arguments).
--
-- A process of the version before may still run beside this one: the old columns stay until a later migration, and what
-- it writes there is converted as it comes.

alter table outbound add column reason_code text, add column reason_args jsonb;
alter table inbound add column reason_code text, add column reason_args jsonb;
alter table media add column reason_code text, add column reason_args jsonb;
alter table gateway_events add column reason_code text, add column reason_args jsonb;
alter table app_events add column reason_code text, add column reason_args jsonb;
alter table timeline add column cause_code text, add column cause_args jsonb;
alter table numbers add column hold_code text, add column hold_args jsonb;
-- What GHL is told with a message that failed; its error code and its sentence are made of it.
alter table status_updates add column reason_code text, add column reason_args jsonb;
alter table tokens add column trouble_code text, add column trouble_args jsonb;
alter table locations add column mint_refusal_code text, add column mint_refusal_args jsonb;
alter table app_keys add column refusal_code text, add column refusal_args jsonb;
-- `detail` stays for names and words of the watch's own; what is known about a token is a reason.
alter table troubles add column reason_code text, add column reason_args jsonb;

-- A reason as one value, which is how the service reads it; null where there is none.
create function reason_of(code text, args jsonb) returns jsonb language sql stable parallel safe as
    $$ select case when code is not null then jsonb_build_object('code', code, 'args', args) end $$;

-- The sentences without arguments that versions before this one kept.
create table old_sentences (
    sentence text primary key,
    code text not null
);
insert into old_sentences (code, sentence) values
    ('unreadable', 'The message could not be read. Please send it again.'),
    ('empty', 'The message is empty: it has no text and no attachment. Write something and send it again.'),
    ('no_phone', 'This contact has no phone number. Add one with its country code, such as +60123456789, and send again.'),
    ('phone_with_extension', 'The contact''s phone number has letters or an extension, which WhatsApp cannot dial. Write the number alone and send again.'),
    ('phone_incomplete', 'The contact''s phone number is not complete. Write it with its country code, such as +60123456789, and send again.'),
    ('whatsapp_group', 'This contact is a WhatsApp group, which cannot be answered from here. Open WhatsApp on the phone and answer there.'),
    ('no_file_address', 'An attachment has no address that WhatsApp can fetch. Attach the file again and send it once more.'),
    ('not_installed', 'This sub-account has not installed the WhatsApp app.'),
    ('app_uninstalled', 'The WhatsApp app was uninstalled from this sub-account. Install it again to send.'),
    ('not_connected', 'No WhatsApp number is connected to this sub-account yet. Connect one in the app''s settings, then send again.'),
    ('gateway_down', 'WhatsApp''s gateway could not be reached for many hours. Please send the message again.'),
    ('text_not_taken', 'WhatsApp did not take this message. The number may have no WhatsApp. Check it and send again.'),
    ('file_not_taken', 'WhatsApp did not take this file. The number may have no WhatsApp, or the file cannot be fetched. Check both and send it again.'),
    ('unconfirmed', 'WhatsApp did not confirm this message. It may have arrived all the same: look at the chat on the phone before you send it again.'),
    ('lost', 'The service stopped each time it was about to send this message, so it was given up. Write it anew, and tell support if that fails too.'),
    ('credentials', 'Waapify refuses the access token or the instance id. Connect the number again with the right ones.'),
    ('link_lost', 'The WhatsApp number is not linked to Waapify any more. Open Waapify and scan the QR code again.'),
    ('other_number', 'Another WhatsApp number is linked to this Waapify instance. Nothing is sent, because it would come from that number. Link the right phone again, or connect the number that is linked.'),
    ('quota', 'The message limit of the Waapify plan is used up, or the plan has ended. Renew it in Waapify.'),
    ('provider', 'Waapify reports a licence problem of its own. Ask Waapify''s support.'),
    ('sealed', 'The number''s access token cannot be read with the service''s encryption keys. Connect the number again.'),
    ('number_uninstalled', 'The app was uninstalled from this sub-account.'),
    ('token_pending', 'GHL is being asked for this sub-account''s token'),
    ('location_not_installed', 'this sub-account has not installed the app'),
    ('location_uninstalled', 'the app was uninstalled from this sub-account'),
    ('uninstalled', 'uninstalled'),
    ('needs_reinstall', 'the app must be installed again in this sub-account'),
    ('location_inactive', 'this sub-account is not active in GHL'),
    ('budget_used_up', 'GHL allows no more calls of this sub-account for a moment'),
    ('renewed_elsewhere', 'the token is being renewed elsewhere'),
    ('contact_in_the_making', 'the group''s contact is being made'),
    ('asking_for_install', 'GHL is being asked whether this sub-account has the app'),
    ('no_refresh_token', 'the token came without a refresh token'),
    ('agency_not_installed', 'its agency has not installed the app'),
    ('agency_needs_reinstall', 'its agency must install the app again'),
    ('token_sealed', 'a stored secret cannot be opened with the configured ENCRYPTION_KEYS; put back the key it was sealed with, or connect again'),
    ('database_failed', 'the database failed'),
    ('ghl_delivered', 'GHL delivered it'),
    ('waapify_posted', 'Waapify posted it'),
    ('taken', 'Waapify took it'),
    ('echoed', 'WhatsApp echoed it'),
    ('once_more', 'no sign of it came from WhatsApp; trying once more'),
    ('all_left', 'all its parts have left'),
    ('files_too_slow', 'the attachments'' servers are too slow'),
    ('files_looked_at', 'its files were looked at'),
    ('process_stopped', 'the process that was sending it stopped'),
    ('deadly', 'it kept ending its worker'),
    ('email', 'an e-mail is not for WhatsApp'),
    ('ghl_echo', 'GHL''s echo of a message written on the business''s phone'),
    ('ghl_echo_perhaps', 'the same words, written on the business''s phone, are on their way to GHL'),
    ('replayed', 'replayed by the operator'),
    ('sent_again', 'sent again from the page in GHL'),
    ('replayed_in_doubt', 'replayed by the operator, although it may have arrived'),
    ('sent_again_in_doubt', 'sent again from the page in GHL, although it may have arrived'),
    ('answer_lost', 'GHL has it, its answer was lost'),
    ('answer_hidden', 'its answer was lost, and another message hides whether GHL has it'),
    ('sender_hidden', 'WhatsApp hides the sender''s number'),
    ('sender_known', 'the sender''s number is known now'),
    ('undecrypted', 'WhatsApp could not decrypt it yet'),
    ('no_content', 'its content did not come'),
    ('file_in_ghl', 'its file is in GHL'),
    ('file_linked', 'it links its file'),
    ('phone_not_mirrored', 'written on the business''s phone, which this number does not show in GHL'),
    ('group_message', 'a group message'),
    ('broadcast', 'a broadcast, status or channel message'),
    ('own_echo', 'the echo of a message sent through Waapify'),
    ('note_to_self', 'a note of the business to itself'),
    ('says_nothing', 'it says nothing'),
    ('not_json', 'the body is not JSON'),
    ('not_object', 'the body is not a JSON object'),
    ('event_unreadable', 'it cannot be read'),
    ('media_gone', 'WhatsApp does not keep the file any more'),
    ('media_no_address', 'the message names no place of WhatsApp''s'),
    ('media_too_large', 'the file is larger than 100 MB'),
    ('media_larger_than_said', 'the file is larger than the message says'),
    ('media_elsewhere', 'WhatsApp''s server points elsewhere'),
    ('media_refused', 'WhatsApp''s server refuses the file'),
    ('media_cut_off', 'the file is cut off'),
    ('media_mac', 'the file does not fit its key'),
    ('media_encrypted_hash', 'what WhatsApp holds is not the announced file'),
    ('media_plain_hash', 'the file is not the one that was announced'),
    ('media_length', 'the file has not the announced size'),
    ('media_padding', 'the file ends wrongly'),
    ('media_key', 'the file''s key is of no use'),
    ('media_too_slow', 'WhatsApp''s server does not give the file: too slow'),
    ('media_uninstalled', 'the app was uninstalled'),
    ('grant_of_nobody', 'GHL''s grant names neither a location nor a company'),
    ('no_file_type', 'the file''s type cannot be sent'),
    ('waapify_slow_down', 'Waapify asks to slow down'),
    ('waapify_no_id', 'Waapify reported success without a message id'),
    ('file_server_redirects', 'it redirects too often'),
    ('file_server_silent', 'no answer in time');

-- The code and the arguments of an old sentence. What nobody knows, such as a vendor's words, keeps its words. A file's
-- name may hold anything, pieces of a pattern too: it ends where the last piece begins.
create function old_reason(sentence text) returns jsonb language plpgsql stable as $$
declare
    known text := (select o.code from old_sentences o where o.sentence = old_reason.sentence);
    part text[];
begin
    if sentence is null or known is not null then
        return reason_of(known, null);
    end if;
    part := regexp_match(sentence, '^The address of "(.*)" is too long for WhatsApp\. Attach the file from another place and send it again\.$');
    if part is not null then
        return reason_of('file_address_too_long', jsonb_build_object('file', part[1]));
    end if;
    part := regexp_match(sentence, '^The address of "(.*)" does not lead to a public web server, so WhatsApp cannot fetch it\. Attach the file itself and send it again\.$');
    if part is not null then
        return reason_of('file_not_public', jsonb_build_object('file', part[1]));
    end if;
    part := regexp_match(sentence, '^The file "(.*)" is not there any more, or not for everyone to fetch\. Attach it again and send it once more\.$');
    if part is not null then
        return reason_of('file_gone', jsonb_build_object('file', part[1]));
    end if;
    part := regexp_match(sentence, '^The file "(.*)" is larger than the ([1-9][0-9]{0,8}) MB that can be sent\. Send a smaller one, or a link to it\.$');
    if part is not null then
        return reason_of('file_too_large', jsonb_build_object('file', part[1], 'megabytes', part[2]::bigint));
    end if;
    part := regexp_match(sentence, '^Waapify refused this message: (.*)\. Change it and send it again\.$');
    if part is not null then
        return reason_of('rejected', jsonb_build_object('words', part[1]));
    end if;
    part := regexp_match(sentence, '^WhatsApp refused this message \(code (.*)\)\. The number may be restricted, or may not write to new contacts for now\. Wait a while, or ask the customer to write first\.$');
    if part is not null then
        return reason_of('refused_by_whatsapp', jsonb_build_object('number', part[1]));
    end if;
    part := regexp_match(sentence, '^the token could not be renewed: (.*)$');
    if part is not null then
        return reason_of('renewal_failed', jsonb_build_object('cause', jsonb_strip_nulls(old_reason(part[1]))));
    end if;
    part := regexp_match(sentence, '^WhatsApp''s server does not give the file: it answers ([1-9][0-9][0-9])$');
    if part is not null then
        return reason_of('media_server_answers', jsonb_build_object('status', part[1]::int));
    end if;
    part := regexp_match(sentence, '^WhatsApp''s server does not give the file: (.*)$');
    if part is not null then
        return reason_of('media_unreachable', jsonb_build_object('words', part[1]));
    end if;
    part := regexp_match(sentence, '^GHL answered ([1-9][0-9][0-9]): the answer lacks (.*) \(trace ([^ ]*)\)$');
    if part is not null then
        return reason_of('ghl_answer_incomplete',
            jsonb_build_object('status', part[1]::int, 'missing', part[2], 'trace', part[3]));
    end if;
    part := regexp_match(sentence, '^GHL answered ([1-9][0-9][0-9]): (.*) \(trace ([^ ]*)\)$');
    if part is not null then
        return reason_of('ghl_answered',
            jsonb_build_object('status', part[1]::int, 'words', part[2], 'trace', part[3]));
    end if;
    part := regexp_match(sentence, '^GHL could not be reached: (.*)$');
    if part is not null then
        return reason_of('ghl_unreachable', jsonb_build_object('words', part[1]));
    end if;
    part := regexp_match(sentence, '^Waapify answered ([1-9][0-9][0-9])(|, its address has moved| without a result)$');
    if part is not null then
        return reason_of(
            case part[2] when '' then 'waapify_answered' when ' without a result' then 'waapify_no_result'
                else 'waapify_moved' end,
            jsonb_build_object('status', part[1]::int));
    end if;
    part := regexp_match(sentence, '^no answer in time \((.*)\)$');
    if part is not null then
        return reason_of('not_in_time', jsonb_build_object('words', part[1]));
    end if;
    part := regexp_match(sentence, '^it answered ([1-9][0-9][0-9])$');
    if part is not null then
        return reason_of('file_server_answered', jsonb_build_object('status', part[1]::int));
    end if;
    return reason_of('other', jsonb_build_object('words', sentence));
end
$$;

-- Why a message failed, of which GHL was told this error code and this sentence.
create function old_failure(error text, sentence text) returns jsonb language plpgsql stable as $$
declare
    kept jsonb := old_reason(coalesce(sentence, error));
begin
    if kept->>'code' = 'other' and error is not null then
        return reason_of('other_failure', jsonb_build_object('error', error, 'words', coalesce(sentence, error)));
    end if;
    -- An uninstall tells the message's row less than its timeline.
    if error = 'uninstalled' and kept->>'code' <> 'app_uninstalled' then
        return reason_of('uninstalled', null);
    end if;
    return kept;
end
$$;

-- Converts what is written to an old column (its name, and what the new ones begin with) and empties it.
create function take_old_reason() returns trigger language plpgsql as $$
declare
    kept jsonb := old_reason(to_jsonb(new)->>tg_argv[0]);
begin
    new := jsonb_populate_record(new, jsonb_build_object(tg_argv[0], null,
        tg_argv[1] || '_code', kept->>'code', tg_argv[1] || '_args', kept->'args'));
    return new;
end
$$;

-- The row of a failed message has only the error code; the sentence is in its last step.
create function take_old_outbound_reason() returns trigger language plpgsql as $$
declare
    kept jsonb := case when new.state = 'failed' and new.reason is not null then old_failure(new.reason, (
        select t.cause from timeline t
        where t.location_id = new.location_id and t.message_id = new.id and t.state = 'failed'
        order by t.at desc, t.step desc limit 1)) else old_reason(new.reason) end;
begin
    new.reason_code := kept->>'code';
    new.reason_args := nullif(kept->'args', 'null');
    new.reason := null;
    return new;
end
$$;

create function take_old_error() returns trigger language plpgsql as $$
declare
    kept jsonb := old_failure(new.error_code, new.error_message);
begin
    new.reason_code := kept->>'code';
    new.reason_args := nullif(kept->'args', 'null');
    new.error_code := null;
    new.error_message := null;
    return new;
end
$$;

-- This version names no old column, so that only what an older one writes comes here.
create trigger old_reason_inserted before insert on outbound for each row
    when (new.reason is not null) execute function take_old_outbound_reason();
create trigger old_reason_updated before update of reason on outbound for each row
    execute function take_old_outbound_reason();
create trigger old_error_inserted before insert on status_updates for each row
    when (new.error_code is not null) execute function take_old_error();
create trigger old_error_updated before update of error_code on status_updates for each row
    execute function take_old_error();
create trigger old_reason_inserted before insert on inbound for each row
    when (new.reason is not null) execute function take_old_reason('reason', 'reason');
create trigger old_reason_updated before update of reason on inbound for each row
    execute function take_old_reason('reason', 'reason');
create trigger old_reason_inserted before insert on media for each row
    when (new.reason is not null) execute function take_old_reason('reason', 'reason');
create trigger old_reason_updated before update of reason on media for each row
    execute function take_old_reason('reason', 'reason');
create trigger old_reason_inserted before insert on gateway_events for each row
    when (new.reason is not null) execute function take_old_reason('reason', 'reason');
create trigger old_reason_updated before update of reason on gateway_events for each row
    execute function take_old_reason('reason', 'reason');
create trigger old_reason_inserted before insert on app_events for each row
    when (new.reason is not null) execute function take_old_reason('reason', 'reason');
create trigger old_reason_updated before update of reason on app_events for each row
    execute function take_old_reason('reason', 'reason');
create trigger old_reason_inserted before insert on timeline for each row
    when (new.cause is not null) execute function take_old_reason('cause', 'cause');
create trigger old_reason_updated before update of cause on timeline for each row
    execute function take_old_reason('cause', 'cause');
create trigger old_reason_inserted before insert on numbers for each row
    when (new.hold_reason is not null) execute function take_old_reason('hold_reason', 'hold');
create trigger old_reason_updated before update of hold_reason on numbers for each row
    execute function take_old_reason('hold_reason', 'hold');
create trigger old_reason_inserted before insert on tokens for each row
    when (new.trouble_detail is not null) execute function take_old_reason('trouble_detail', 'trouble');
create trigger old_reason_updated before update of trouble_detail on tokens for each row
    execute function take_old_reason('trouble_detail', 'trouble');
create trigger old_reason_inserted before insert on locations for each row
    when (new.mint_refusal is not null) execute function take_old_reason('mint_refusal', 'mint_refusal');
create trigger old_reason_updated before update of mint_refusal on locations for each row
    execute function take_old_reason('mint_refusal', 'mint_refusal');
create trigger old_reason_inserted before insert on app_keys for each row
    when (new.refusal is not null) execute function take_old_reason('refusal', 'refusal');
create trigger old_reason_updated before update of refusal on app_keys for each row
    execute function take_old_reason('refusal', 'refusal');
-- Only a token's trouble has a reason as its detail.
create trigger old_reason_inserted before insert on troubles for each row
    when (new.detail is not null and new.kind = 'reinstall') execute function take_old_reason('detail', 'reason');
create trigger old_reason_updated before update of detail on troubles for each row
    when (new.detail is not null and new.kind = 'reinstall') execute function take_old_reason('detail', 'reason');

drop view steps;
-- Every step of a message, with the first of one that GHL delivered: that it was accepted is in its own row, so that
-- accepting writes one row only. Rows of an older version, which wrote that step too, are not shown twice.
create view steps as
    select location_id, id as message_id, 0::bigint as step, accepted_at as at, 'accepted' as state,
        'ghl_delivered' as cause_code, null::jsonb as cause_args
    from outbound
    union all
    select location_id, message_id, step, at, state, cause_code, cause_args from timeline
    where cause_code is distinct from 'ghl_delivered';
