-- The file that came with a customer's message. Its message waits for it until `inbound.due_at`.
create table media (
    location_id text not null,
    -- The row of `inbound`.
    message_id bigint not null,
    -- Where WhatsApp keeps it and what opens it, as the sender says; gone as soon as nobody needs it any more.
    keys text check (keys in ('image', 'video', 'audio', 'document')),
    direct_path text,
    url text,
    media_key bytea,
    sha256 bytea,
    encrypted_sha256 bytea,
    length bigint,
    mimetype text,
    file_name text,
    state text not null default 'wanted' check (state in ('wanted', 'attached', 'linked', 'missing')),
    reason text,
    -- What its message says for each fate; U+FDD0 stands for the link, or for the reason. Null: nothing.
    text_attached text,
    text_linked text,
    text_missing text,
    -- attached: the address that GHL gave.
    attachment text,
    -- linked: SHA-256 of our link's secret, and when the link ends.
    link_hash bytea unique,
    link_ends_at timestamptz,
    failures int not null default 0,
    -- The fence against stale owners.
    claims int not null default 0,
    due_at timestamptz not null,
    primary key (location_id, message_id)
);
create index media_wanted on media (due_at) where state = 'wanted';
