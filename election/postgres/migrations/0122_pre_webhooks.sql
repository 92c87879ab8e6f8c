-- What an operator's own programs are told as it happens: outcomes of calls and strike-offs of voters, by id. The
-- event is stored with what it tells of, in the same transaction; it waits here until it has been delivered. A
-- rehearsal's tables tell nobody.
create table webhooks (
    webhook_id uuid primary key,
    url text not null check (url ~ '^https://' and length(url) <= 2000),
    kinds text[] not null check (cardinality(kinds) > 0 and kinds <@ array['outcome', 'strike_off']),
    made_by text not null,
    made_at timestamptz not null default now(),
    ended_by text,
    ended_at timestamptz,
    due_at timestamptz not null default now(), -- not before; moved on by failures
    failures integer not null default 0, -- in a row
    problem text not null default '', -- the last one, in words
    delivered bigint not null default 0, -- events
    given_up bigint not null default 0,
    delivered_at timestamptz,
    check ((ended_at is null) = (ended_by is null))
);

create table webhook_events (
    event_id bigint generated always as identity primary key,
    webhook_id uuid not null references webhooks,
    kind text not null check (kind in ('outcome', 'outcome_undone', 'strike_off', 'test')),
    at timestamptz not null,
    stored_at timestamptz not null default now(),
    body jsonb not null
);
create index webhook_events_waiting on webhook_events (webhook_id, event_id);

create function tell_webhooks_of_calls() returns trigger language plpgsql as $$
begin
    insert into public.webhook_events (webhook_id, kind, at, body)
    select w.webhook_id, 'outcome', c.at, jsonb_build_object('outcome_id', c.outcome_id, 'voter_id', c.voter_id,
        'precinct_id', c.precinct_id, 'outcome', c.outcome, 'said_at', c.said_at, 'need', c.need)
    from fresh c cross join public.webhooks w
    where w.ended_at is null and 'outcome' = any(w.kinds);
    return null;
end $$;

create function tell_webhooks_of_undone() returns trigger language plpgsql as $$
begin
    insert into public.webhook_events (webhook_id, kind, at, body)
    select w.webhook_id, 'outcome_undone', n.undone_at, jsonb_build_object('outcome_id', n.outcome_id,
        'voter_id', n.voter_id, 'precinct_id', n.precinct_id, 'outcome', n.outcome)
    from now_is n join was o using (outcome_id) cross join public.webhooks w
    where o.undone_at is null and n.undone_at is not null and w.ended_at is null and 'outcome' = any(w.kinds);
    return null;
end $$;

create function tell_webhooks_of_strike_offs() returns trigger language plpgsql as $$
begin
    insert into public.webhook_events (webhook_id, kind, at, body)
    select w.webhook_id, 'strike_off', s.received_at, jsonb_build_object('voter_id', v.voter_id,
        'precinct_id', s.precinct_id, 'roll_number', s.roll_number, 'check_in_id', s.check_in_id)
    from public.webhooks w cross join fresh s
    left join public.voters v on v.precinct_id = s.precinct_id and v.roll_number = s.roll_number
        and v.roll_number <> ''
    where w.ended_at is null and 'strike_off' = any(w.kinds);
    return null;
end $$;

create trigger calls_tell_webhooks after insert on public.calls referencing new table as fresh
    for each statement execute function tell_webhooks_of_calls();
create trigger calls_tell_webhooks_undone after update on public.calls
    referencing old table as was new table as now_is
    for each statement execute function tell_webhooks_of_undone();
create trigger strike_offs_tell_webhooks after insert on public.strike_offs referencing new table as fresh
    for each statement execute function tell_webhooks_of_strike_offs();
