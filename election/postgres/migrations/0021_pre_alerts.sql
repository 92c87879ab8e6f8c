-- State changes that matter, raised once each, acknowledged by a person. At most one open alert a subject.
create table alerts (
    alert_id uuid primary key default gen_random_uuid(),
    rehearsal boolean not null,
    kind text not null check (kind in ('lagging', 'doubtful', 'line', 'incident', 'quiet')),
    subject text not null check (subject <> '' or kind = 'quiet'),
    precinct_id text,
    county text not null default '',
    reason text not null,
    weight double precision not null default 0,
    raised_at timestamptz not null,
    cleared_at timestamptz,
    acknowledged_by text,
    acknowledged_at timestamptz,
    told_at timestamptz, -- outside: webhook and coordinator, in that order; null: not yet, or nobody to tell
    check ((acknowledged_by is null) = (acknowledged_at is null))
);
create unique index alerts_open on alerts (rehearsal, kind, subject) where cleared_at is null;
create index alerts_recent on alerts (rehearsal, raised_at);
create index alerts_untold on alerts (raised_at) where told_at is null;
