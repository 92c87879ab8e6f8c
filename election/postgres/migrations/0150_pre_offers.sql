-- What an offer of callers is expected to bring, and whether it is for a precinct that surely lags.
alter table dispatch_proposals
    add column votes real not null default 0,
    add column urgent boolean not null default true;
alter table rehearsal.dispatch_proposals
    add column votes real not null default 0,
    add column urgent boolean not null default true;
