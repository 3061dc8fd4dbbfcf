//! The columns that held sentences.

/// A table with a column of sentences. Says how a row for each sentence is inserted and read, in order.
pub struct Place {
    pub table: &'static str,
    pub insert: &'static str,
    pub read: &'static str,
}

/// Every place except failed messages to WhatsApp, for which row and step together decide.
pub const PLACES: [Place; 11] = [
    Place {
        table: "outbound",
        insert: "insert into outbound (location_id, ghl_message_id, conversation, body, state, reason, due_at, accepted_at)
            select 'l', n::text, 'c', '', 'ignored', said, now(), now() from said",
        read: "select reason_of(reason_code, reason_args) from outbound order by ghl_message_id::int",
    },
    Place {
        table: "inbound",
        insert: "insert into inbound (location_id, number, wa_message_id, from_me, conversation, state, reason, due_at, accepted_at)
            select 'l', '1', n::text, false, 'c', 'held', said, now(), now() from said",
        read: "select reason_of(reason_code, reason_args) from inbound order by wa_message_id::int",
    },
    Place {
        table: "media",
        insert: "insert into media (location_id, message_id, state, reason, due_at) select 'l', n, 'missing', said, now() from said",
        read: "select reason_of(reason_code, reason_args) from inbound_media order by message_id",
    },
    Place {
        table: "waapify_events",
        insert: "insert into gateway_events (location_id, number, body, state, reason, due_at, received_at)
            select 'l', n::text, '', 'failed', said, now(), now() from said",
        read: "select reason_of(reason_code, reason_args) from waapify_events order by number::int",
    },
    Place {
        table: "ghl_events",
        insert: "insert into app_events (event_type, body, state, reason, due_at, received_at)
            select n::text, '', 'failed', said, now(), now() from said",
        read: "select reason_of(reason_code, reason_args) from ghl_events order by event_type::int",
    },
    Place {
        table: "timeline",
        insert: "insert into timeline (location_id, message_id, at, state, cause) select 'l', n, now(), 'sent', said from said",
        read: "select reason_of(cause_code, cause_args) from timeline order by message_id",
    },
    Place {
        table: "numbers",
        insert: "insert into numbers (location_id, number, instance_id, is_default, next_send_at, hold_reason, connected_at)
            select 'l', n::text, 'i', false, now(), said, now() from said",
        read: "select reason_of(hold_code, hold_args) from numbers order by number::int",
    },
    Place {
        table: "tokens",
        insert: "insert into tokens (owner_id, owner_kind, access_token, expires_at, trouble, trouble_detail)
            select n::text, 'location', '', now(), 'failing', said from said",
        read: "select reason_of(trouble_code, trouble_args) from tokens order by owner_id::int",
    },
    Place {
        table: "locations",
        insert: "insert into locations (location_id, company_id, mint_refusal) select 'refused' || n, n::text, said from said",
        read: "select reason_of(token_request_refusal_code, token_request_refusal_args) from locations
            where company_id is not null order by company_id::int",
    },
    Place {
        table: "client_credentials",
        insert: "insert into app_keys (keys_hash, refusal) select int4send(n::int), said from said",
        read: "select reason_of(refusal_code, refusal_args) from client_credentials order by keys_hash",
    },
    Place {
        table: "troubles",
        insert: "insert into troubles (location_id, number, kind, detail, since, last_seen_at)
            select 'l', n::text, 'reinstall', said, now(), now() from said",
        read: "select reason_of(reason_code, reason_args) from incidents where reason_code is not null order by number::int",
    },
];
