-- What each service was last started with, for the office's page of settings. Secrets are never in it.
create table service_settings (
    service text not null,
    host text not null,
    name text not null,
    value text not null,
    since timestamptz not null,    -- of the first start with this value
    was text,                      -- the value before; null: never another
    changed_by text not null,      -- who started the service then, USER@HOST
    primary key (service, host, name)
);
