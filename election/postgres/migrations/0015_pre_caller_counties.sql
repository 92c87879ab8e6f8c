-- A caller's own counties: called first, or alone. Who signs up at a phone bank has none and calls anywhere.
alter table callers
    add column counties text[] not null default '{}',
    add column elsewhere boolean not null default true, -- may call others, when theirs need nobody
    add constraint callers_somewhere check (elsewhere or cardinality(counties) > 0);
