-- Why an alert could not be delivered, in more detail: too late, no encryption, a certificate that is not trusted.
alter table alert_channels
    drop constraint alert_channels_fault_check,
    add constraint alert_channels_fault_check check (
        fault in ('unreachable', 'late', 'no_encryption', 'untrusted', 'not_encrypted', 'refused', 'not_public', 'sealed')
    );
