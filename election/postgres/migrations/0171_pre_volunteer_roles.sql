-- Volunteers of other kinds than callers sign up as callers do, at a bank that is joined by a code, and hold a link
-- of their own kind: drivers and canvassers. Links end, and are barred, as callers' are. The table keeps its name.
alter table callers add column role text not null default 'caller'
    check (role in ('caller', 'driver', 'canvasser'));
alter table phone_banks add column role text not null default 'caller'
    check (role in ('caller', 'driver', 'canvasser'));
alter table rehearsal.phone_banks add column role text not null default 'caller'
    check (role in ('caller', 'driver', 'canvasser'));
alter table ended_links drop constraint ended_links_kind_check;
alter table ended_links add constraint ended_links_kind_check
    check (kind in ('captain', 'caller', 'driver', 'canvasser'));
