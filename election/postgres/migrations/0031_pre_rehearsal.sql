-- A rehearsal's messages never mix with election day's: each says which it is. Older rows are the day's own.
alter table messages add column rehearsal boolean not null default false;
alter table check_ins add column rehearsal boolean not null default false;

-- The latest STOP or START of a phone is looked up before every text that goes out.
create index check_ins_consent on check_ins (sender, sent_at) where kind in ('stop', 'start');
