-- What decrypts later edits of a message (docs/decisions/0059-encrypted-edits.md): the 32 bytes that its phone made for it.
alter table inbound
    add column edit_secret bytea;
