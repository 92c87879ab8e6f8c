-- People who sign in to the war room. A changed epoch ends every session signed before it.
create table accounts (
    login text primary key check (login = lower(login) and login ~ '^[a-z0-9][a-z0-9._@-]{0,99}$'),
    role text not null check (role in ('watcher', 'caller', 'lead', 'staff', 'admin')),
    counties text[] not null default '{}' check (role <> 'lead' or cardinality(counties) > 0),
    password_hash text not null,
    disabled boolean not null default false,
    epoch integer not null default 0,
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now()
);
