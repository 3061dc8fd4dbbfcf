-- Numbers that WhatsApp may have restricted are incidents, too.

alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check
    check (kind in ('provider', 'link', 'silence', 'reinstall', 'replaced', 'restricted'));
