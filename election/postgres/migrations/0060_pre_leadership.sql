-- Who acts where only one of several services may (election/postgres/leadership.py). The epoch only grows: whoever
-- acts proves in the same transaction that theirs is still the newest.
create table leadership (
    name text primary key,
    epoch bigint not null default 0 check (epoch >= 0),
    holder text not null default '',
    backend integer, -- the server process that holds the advisory lock
    renewed_at timestamptz not null default now()
);
