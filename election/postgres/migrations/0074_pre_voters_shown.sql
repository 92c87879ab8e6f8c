-- Whom callers were shown, so that nobody harvests the roll: budgets by caller, phone bank and address are counted
-- here (and so hold across services and restarts); where volunteers signed up from; what staff took on lists.
-- An address is kept as a keyed fingerprint of its network: equal ones are equal, and nobody can read it back.

-- One row a voter shown: the caller pressed *Call*, and name, phone and script went out.
create table voters_shown (
    lease_id uuid primary key,
    caller_id text not null,
    phone_bank text not null, -- empty: a caller of callers.csv
    address text not null,
    at timestamptz not null
);
create index voters_shown_caller on voters_shown (caller_id, at);
create index voters_shown_bank on voters_shown (phone_bank, at) where phone_bank <> '';
create index voters_shown_address on voters_shown (address, at);

-- What is still to be told: voters shown whose call has no outcome. Small, because most outcomes come at once.
create index leases_unreported on leases (caller_id)
    where dialled_at is not null and ended_by is distinct from 'outcome';
create index calls_undone on calls (caller_id) where undone_at is not null;

alter table callers
    add column joined_at timestamptz, -- signed up at a phone bank; null: of callers.csv, or before this was kept
    add column joined_from text not null default ''; -- address
create index callers_bank on callers (phone_bank) where phone_bank <> '';
create index callers_joined_from on callers (joined_from, joined_at) where joined_from <> '';

-- Voters that staff took on a list or a walk sheet, by account. Names no voter.
create table voters_listed (
    listed_id uuid primary key,
    account text not null,
    precinct_id text not null,
    kind text not null check (kind in ('dialer', 'sheet', 'walk')),
    voters integer not null check (voters >= 0),
    at timestamptz not null
);
create index voters_listed_account on voters_listed (account, at);

create table rehearsal.voters_shown (like public.voters_shown including all);
create table rehearsal.voters_listed (like public.voters_listed including all);
create index leases_unreported on rehearsal.leases (caller_id)
    where dialled_at is not null and ended_by is distinct from 'outcome';
create index calls_undone on rehearsal.calls (caller_id) where undone_at is not null;
