-- Callers: the voter roll, what was heard about voters, and the queue that gives one caller one voter (law L7).
-- Rows here are facts; who may be called now is computed from them, so that undoing a call or importing the
-- roll again has nothing to repair.

-- The roll as imported; importing again updates it. No foreign key to precincts: the importer checks the whole
-- folder first, and a million row-by-row checks would double its time.
create table voters (
    voter_id text primary key,
    precinct_id text not null,
    roll_number integer not null check (roll_number >= 0),
    name text not null,
    phone text not null default '', -- E.164; empty: no phone known
    language text not null default '', -- empty: any
    support smallint check (support between 0 and 100),
    turnout smallint check (turnout between 0 and 100), -- likelihood to vote where the campaign scores it
    voted boolean not null default false, -- early or by mail
    do_not_call boolean not null default false,
    timezone text,
    address text not null default '',
    unique (precinct_id, roll_number)
);
create index voters_phone on voters (phone) where phone <> '';

create table callers (
    caller_id text primary key,
    name text not null,
    contact text not null default '',
    languages text[] not null default '{en}',
    barred boolean not null default false -- staff took the link away
);

-- Roll numbers that watchers saw struck off: a set union, fed from the log (law L3).
create table strike_offs (
    precinct_id text not null,
    roll_number integer not null,
    check_in_id uuid not null,
    received_at timestamptz not null,
    primary key (precinct_id, roll_number)
);

-- STOP and START by phone, the latest word wins whatever the order in which we hear them.
create table opt_outs (
    phone text primary key,
    opted_out boolean not null,
    said_at timestamptz not null
);

-- A precinct open for calling. Ended rows stay: they are the day's history.
create table dispatches (
    dispatch_id uuid primary key,
    precinct_id text not null,
    automatic boolean not null,
    callers_wanted integer check (callers_wanted > 0), -- null: as many as the allocation gives
    started_at timestamptz not null,
    started_by text not null,
    reason text not null, -- one sentence for people
    missing_at_start real not null default 0,
    closes_at timestamptz not null, -- polls; no lease at or after it
    hold text not null default '', -- why it rests for now; empty: running
    seen_behind boolean not null default false, -- recovery ends only what was behind
    ended_at timestamptz,
    ended_by text,
    ended_reason text,
    check ((ended_at is null) = (ended_reason is null))
);
create unique index dispatches_one_live on dispatches (precinct_id) where ended_at is null;

-- One caller holding one voter. The three partial unique indexes are law L7.
create table leases (
    lease_id uuid primary key,
    voter_id text not null,
    phone text not null check (phone <> ''),
    precinct_id text not null,
    caller_id text not null,
    granted_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > granted_at),
    dialled_at timestamptz, -- consent was checked again then (law L8)
    ended_at timestamptz,
    ended_by text check (ended_by in ('outcome', 'released', 'expired', 'revoked')),
    ended_reason text not null default '',
    check ((ended_at is null) = (ended_by is null))
);
create unique index leases_one_a_voter on leases (voter_id) where ended_at is null;
create unique index leases_one_a_phone on leases (phone) where ended_at is null;
create unique index leases_one_a_caller on leases (caller_id) where ended_at is null;
create index leases_expiry on leases (expires_at) where ended_at is null;
create index leases_recent on leases (granted_at);

-- What came of a lease. `rest_until` is the consequence the policy drew ('infinity': never again), for the voter
-- or, where `whole_phone`, for everybody on that phone.
create table calls (
    outcome_id uuid primary key, -- the client's: a repeat is recognised
    lease_id uuid not null references leases,
    voter_id text not null,
    phone text not null,
    precinct_id text not null,
    caller_id text not null,
    outcome text not null check (outcome in ('will_vote', 'already_voted', 'no_answer', 'call_back',
        'wrong_number', 'do_not_call', 'refused', 'moved', 'other_language')),
    at timestamptz not null,
    rest_until timestamptz not null,
    whole_phone boolean not null,
    language text, -- other_language: which
    undone_at timestamptz
);
create unique index calls_one_a_lease on calls (lease_id) where undone_at is null;
create index calls_phone on calls (phone) where undone_at is null;
create index calls_precinct on calls (precinct_id, at) where undone_at is null;
