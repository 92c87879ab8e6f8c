-- One round trip a lease, many leases a transaction; sealed voters, script trials, lists, phone banks.

-- Where the operator gives a key, `phone` is a keyed fingerprint (equal phones stay equal, so that households,
-- opt-outs and law L7 work as before), `name` and `address` are empty, and all three lie in here.
alter table voters add column sealed bytea;

-- A phone bank whose volunteers sign themselves up by a link with a code. Its callers end with it.
create table phone_banks (
    code text primary key check (length(code) between 6 and 40),
    name text not null,
    most_callers integer not null check (most_callers > 0),
    ends_at timestamptz not null,
    made_by text not null,
    made_at timestamptz not null
);
alter table callers add column phone_bank text not null default '';

-- Lists in other hands: a dialer's CSV or a printed sheet. Each line is a lease of the caller `list:ID:N`.
create table call_lists (
    list_id uuid primary key,
    precinct_id text not null,
    kind text not null check (kind in ('dialer', 'sheet')),
    lines integer not null,
    made_by text not null,
    made_at timestamptz not null,
    until timestamptz not null
);

-- Which words work better. The rule that stops a trial is in its row before the first call.
create table script_trials (
    trial_id uuid primary key,
    variants text[] not null check (cardinality(variants) between 2 and 6),
    alpha double precision not null check (alpha > 0 and alpha < 0.5),
    spread double precision not null check (spread > 0), -- how large a difference is expected, e.g. 0.05
    most_answers integer not null check (most_answers > 0), -- of each variant; then it ends undecided
    started_at timestamptz not null,
    started_by text not null,
    ended_at timestamptz,
    winner text,
    ended_reason text
);
create unique index script_trials_one_live on script_trials ((true)) where ended_at is null;

create table script_lines (
    variant text not null,
    language text not null,
    lines text[] not null check (cardinality(lines) between 1 and 8),
    primary key (variant, language)
);

alter table leases add column variant text not null default '';
create index leases_caller on leases (caller_id, granted_at);
create index calls_caller on calls (caller_id, at);
alter table calls drop constraint calls_outcome_check;
alter table calls add constraint calls_outcome_check check (outcome in ('will_vote', 'already_voted',
    'no_answer', 'call_back', 'wrong_number', 'do_not_call', 'refused', 'moved', 'other_language', 'abusive'));

create or replace view voter_standings as
select v.voter_id, v.precinct_id, v.roll_number, v.name, v.phone, v.timezone, v.support, v.turnout,
       coalesce(c.language, v.language) as language,
       case
           when v.phone = '' then 'no_phone'
           when v.do_not_call or o.opted_out then 'do_not_call'
           when v.voted or s.roll_number is not null then 'voted'
           when c.rest_until = 'infinity' then 'finished'
       end as never, -- why never to call; null: some time today
       coalesce(c.rest_until, '-infinity') as rest_until,
       c.promised is not null as promised, -- they asked to be called back
       v.sealed, v.address
from voters v
left join strike_offs s on s.precinct_id = v.precinct_id and s.roll_number = v.roll_number
left join opt_outs o on o.phone = v.phone
left join lateral (
    select max(k.rest_until) filter (where k.whole_phone or k.voter_id = v.voter_id) as rest_until,
           max(k.at) filter (where k.outcome = 'call_back' and k.voter_id = v.voter_id) as promised,
           (array_agg(k.language order by k.at desc)
               filter (where k.language is not null and k.voter_id = v.voter_id))[1] as language
    from calls k
    where k.phone = v.phone and k.undone_at is null and v.phone <> ''
) c on true;

-- Answers one request for a voter with exactly one row: 'held' (the caller has one already), 'granted', or
-- 'none' of `wanted` may be called now. Many requests may share one transaction, so that they share its write
-- to disk; each is judged by what has committed before it (READ COMMITTED). The order "lock, then look" closes
-- the gap between looking and inserting: whoever grants on a voter or a phone holds both locks until the grant
-- is visible. Nothing here waits for another's lock but the insert, on the caller's own key: requests of one
-- transaction come in the callers' order, so that two of them cannot wait for each other.
create function give_lease(
    new_lease uuid, caller text, precinct text, wanted text[], languages text[],
    zone text, open_zones text[], at timestamptz, until timestamptz, variants text[]
) returns table (verdict text, lease uuid, ends timestamptz, place text, voter text, voter_name text,
                 number text, tongue text, script text, secret bytea) language plpgsql as $$
declare
    candidate text;
    line text;
    had record;
    found_voter voter_standings;
begin
    select l.*, s.voter_id is null as gone, s.never, s.name, s.language, s.sealed into had
    from leases l left join voter_standings s using (voter_id)
    where l.caller_id = caller and l.ended_at is null;
    if found and had.expires_at > at and not had.gone
             and (had.never is null or had.never not in ('voted', 'do_not_call')) then
        return query select 'held', had.lease_id, had.expires_at, had.precinct_id, had.voter_id, had.name,
                            had.phone, had.language, had.variant, had.sealed;
        return;
    elsif found then
        update leases l set ended_at = at,
                            ended_by = case when had.expires_at <= at then 'expired' else 'revoked' end,
                            ended_reason = coalesce(had.never, '')
        where l.lease_id = had.lease_id and l.ended_at is null;
    end if;
    perform from dispatches d
    where d.precinct_id = precinct and d.ended_at is null and d.hold = '' and d.closes_at > at;
    if found then
        foreach candidate in array wanted loop
            select v.phone into line from voters v
            where v.voter_id = candidate and v.phone <> '' for update skip locked;
            continue when not found;
            continue when not pg_try_advisory_xact_lock(hashtextextended(line, 8403));
            select s.* into found_voter from voter_standings s
            where s.voter_id = candidate and s.precinct_id = precinct and s.never is null and s.rest_until <= at
              and (s.language = '' or s.language = any(languages))
              and coalesce(s.timezone, zone) = any(open_zones)
              and not exists (select from leases l where l.phone = line and l.ended_at is null)
              and not exists (select from leases l where l.voter_id = candidate and l.ended_at is null);
            continue when not found;
            script := coalesce(variants[1 + mod(hashtextextended(candidate, 8406) & x'7fffffff'::bigint,
                                                greatest(cardinality(variants), 1)::bigint)::int], '');
            insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at, variant)
            values (new_lease, candidate, line, precinct, caller, at, until, script)
            on conflict do nothing;
            if found then
                return query select 'granted', new_lease, until, precinct, candidate, found_voter.name, line,
                                    found_voter.language, script, found_voter.sealed;
                return;
            end if;
        end loop;
    end if;
    return query select 'none', null::uuid, null::timestamptz, null::text, null::text, null::text, null::text,
                        null::text, null::text, null::bytea;
end $$;
