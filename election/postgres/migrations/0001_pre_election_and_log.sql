-- The election as imported, and the append-only log of messages and check-ins.

create table election (
    only_row boolean primary key default true check (only_row),
    name text not null,
    date date not null,
    timezone text not null,
    opens time not null,
    closes time not null check (closes > opens),
    languages text[] not null,
    roster_version text not null,
    imported_at timestamptz not null default now()
);

create table precincts (
    precinct_id text primary key,
    position integer not null,
    name text not null,
    registered integer not null check (registered >= 0),
    county text not null default '',
    group_name text not null default '',
    site_id text not null default '',
    aliases text[] not null default '{}',
    expected_votes double precision check (expected_votes >= 0),
    already_voted integer not null default 0 check (already_voted >= 0),
    opens time,
    closes time,
    timezone text,
    lat double precision check (lat between -90 and 90),
    lon double precision check (lon between -180 and 180),
    geometry jsonb
);

create table past_votes (
    precinct_id text not null references precincts on delete cascade,
    election text not null,
    method text not null check (method in ('total', 'in_person', 'early', 'mail')),
    votes integer not null check (votes >= 0),
    registered integer check (registered >= 0),
    primary key (precinct_id, election, method)
);

create table curve_points (
    scope text not null,
    election text not null default '',
    local_time time not null,
    share double precision not null check (share between 0 and 1),
    primary key (scope, election, local_time)
);

create table watchers (
    watcher_id text primary key,
    name text not null,
    phone text not null unique,
    language text not null,
    precinct_ids text[] not null,
    backup_phone text,
    coordinator text,
    shift_start time,
    shift_end time
);

-- Every roster ever read against, so that a recount reads old messages as they were first read.
create table rosters (
    version text primary key,
    content text not null,
    made_at timestamptz not null default now()
);

create table messages (
    message_id uuid primary key,
    provider text not null,
    provider_message_id text not null,
    channel text not null check (channel in ('sms', 'form', 'hotline', 'csv', 'staff')),
    sender text not null,
    body text not null,
    raw bytea not null,
    received_at timestamptz not null,
    sent_at timestamptz not null,
    roster_version text not null,
    journal text not null,
    journal_seq bigint not null,
    xid xid8 not null default pg_current_xact_id(),
    seq bigint generated always as identity,
    unique (provider, provider_message_id)
);

create table check_ins (
    check_in_id uuid primary key,
    message_id uuid not null references messages,
    part smallint not null check (part >= 0),
    kind text not null,
    channel text not null,
    precinct_id text, -- no foreign key: what a watcher texted is kept whether or not we know the place
    watcher_id text,
    sender text not null,
    observed_at timestamptz not null,
    sent_at timestamptz not null,
    received_at timestamptz not null,
    votes integer check (votes >= 0),
    detail jsonb not null default '{}',
    xid xid8 not null default pg_current_xact_id(),
    seq bigint generated always as identity,
    unique (message_id, part)
);

-- The follower reads in (xid, seq) order below the oldest running transaction: sequence numbers alone
-- commit out of order and would let rows slip past.
create index check_ins_follow on check_ins (xid, seq);
create index check_ins_precinct on check_ins (precinct_id, observed_at);
create index check_ins_kind on check_ins (kind, xid, seq) where kind not in ('count', 'line');

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the % log is append-only', tg_table_name;
end $$;

create trigger messages_append_only before update or delete on messages
    for each statement execute function refuse_change();
create trigger check_ins_append_only before update or delete on check_ins
    for each statement execute function refuse_change();

-- Who did what in the war room and at the callers' desk; append-only too.
create table audit (
    seq bigint generated always as identity primary key,
    at timestamptz not null,
    account text not null,
    action text not null,
    subject text not null default '',
    detail jsonb not null default '{}'
);
create trigger audit_append_only before update or delete on audit
    for each statement execute function refuse_change();
