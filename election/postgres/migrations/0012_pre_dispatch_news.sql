-- Dispatches and proposals as others may read them, with a wake-up at every change; limits that staff set.

-- Kept by the leading service, for the board: who works there and how many should.
alter table dispatches
    add column callers_now integer not null default 0,
    add column callers_allocated integer not null default 0,
    add column reachable integer; -- voters who may be called now; null: not counted yet

-- What the leading service would do if staff agreed; replaced as a whole whenever it changes.
create table dispatch_proposals (
    precinct_id text primary key,
    callers integer not null check (callers > 0),
    missing integer not null,
    reachable integer not null,
    sentence text not null, -- for people: what, where, why
    at timestamptz not null
);

-- What staff let the service do by itself; no row: the settings of the service.
create table dispatch_limits (
    only_row boolean primary key default true check (only_row),
    automatic boolean not null,
    least_probability double precision not null check (least_probability between 0 and 1),
    least_missing double precision not null check (least_missing >= 0),
    most_precincts integer not null check (most_precincts >= 0),
    most_callers integer not null check (most_callers > 0),
    line_minutes integer not null check (line_minutes > 0),
    line_people integer not null check (line_people > 0),
    set_by text not null,
    set_at timestamptz not null
);

-- A wake-up only: whoever hears it reads the tables again.
create function tell_of_dispatches() returns trigger language plpgsql as $$
begin
    perform pg_notify('beluga_dispatches', '');
    return null;
end $$;

create trigger dispatches_told after insert or update or delete on dispatches
    for each statement execute function tell_of_dispatches();
create trigger dispatch_proposals_told after insert or update or delete on dispatch_proposals
    for each statement execute function tell_of_dispatches();
create trigger dispatch_limits_told after insert or update or delete on dispatch_limits
    for each statement execute function tell_of_dispatches();
