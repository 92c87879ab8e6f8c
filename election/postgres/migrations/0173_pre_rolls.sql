-- Strike-off by name on a watcher's phone: a strike-off can be taken back, and whose phone was given a roll's names
-- is kept, so that a link fetches them no more often than it may.

-- Of each number the latest word counts, by when it was said. Null: struck by the code before this one, when received.
alter table strike_offs add column said_at timestamptz;
alter table rehearsal.strike_offs add column said_at timestamptz;

-- The latest word that a strike-off was a slip. It stays, so that an older strike-off that arrives later strikes nobody.
create table withdrawn_strikes (
    precinct_id text not null,
    roll_number text not null,
    check_in_id uuid not null,
    said_at timestamptz not null,
    primary key (precinct_id, roll_number)
);
create table rehearsal.withdrawn_strikes (like public.withdrawn_strikes including all);

-- One row a download of a roll with names: which link, which precinct, how many voters. Names none of them.
create table rolls_shown (
    shown_id uuid primary key,
    watcher_id text not null,
    link integer not null check (link >= 0), -- the link's number
    precinct_id text not null,
    voters integer not null check (voters >= 0),
    at timestamptz not null
);
create index rolls_shown_link on rolls_shown (watcher_id, link, precinct_id, at);
create table rehearsal.rolls_shown (like public.rolls_shown including all);
