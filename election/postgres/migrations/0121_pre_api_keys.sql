-- Keys by which an operator's own programs ask and report. Of a key only a fingerprint is kept.
create table api_keys (
    key_id text primary key check (key_id ~ '^[0-9a-f]{12}$'),
    name text not null check (length(name) between 1 and 60),
    scopes text[] not null check (cardinality(scopes) > 0
        and scopes <@ array['standings', 'calls', 'check-ins', 'outcomes']),
    counties text[] not null default '{}', -- empty: all
    a_minute integer not null check (a_minute between 1 and 6000),
    secret_hash bytea not null check (length(secret_hash) = 32), -- SHA-256 of 32 random bytes' text
    made_by text not null,
    made_at timestamptz not null default now(),
    used_at timestamptz, -- lately
    uses bigint not null default 0,
    revoked_by text,
    revoked_at timestamptz,
    check ((revoked_at is null) = (revoked_by is null))
);
create unique index api_keys_one_a_name on api_keys (name) where revoked_at is null;

create trigger api_keys_told after insert or update of revoked_at or delete or truncate on api_keys
    for each statement execute function tell_of_access();
