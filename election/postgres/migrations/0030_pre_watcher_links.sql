-- Watchers' personal links. A link carries a number; it is good while that is above `revoked_through`.
-- No foreign key: an import replaces the watchers, and a revoked link must stay revoked through it.
create table watcher_links (
    watcher_id text primary key,
    issued integer not null default 0 check (issued >= 0), -- the number of the newest link
    revoked_through integer not null default -1 check (revoked_through between -1 and issued),
    changed_at timestamptz not null default now()
);
create index watcher_links_revoked on watcher_links (watcher_id) where revoked_through >= 0;
