-- Gives a caller the voter they hold already, or the first of some who may be called now.

-- Answers one request for a voter with exactly one row: 'held' (the caller has one already), 'granted', or
-- 'none' of `wanted` may be called now. Many requests may share one transaction, so that they share its write
-- to disk; each is judged by what has committed before it (READ COMMITTED). The order "lock, then look" closes
-- the gap between looking and inserting: whoever grants on a phone holds its lock until the grant is visible.
-- Nothing here waits for another's lock but the insert, on the caller's own key: requests of one transaction
-- come in the callers' order, so that two of them cannot wait for each other. (A voter whose number an import
-- changes at this moment could make two inserts wait; the database ends one, and it is repeated alone.)
--
-- The voter's row is not locked: the lock on the phone, which all of its voters share, keeps two grants apart,
-- and the unique indexes are the law. A row lock added a write of a random page of the roll to every grant, and
-- while a roll was being imported it passed over every voter of it.
create or replace function give_lease(
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
            select v.phone into line from voters v where v.voter_id = candidate and v.phone <> '';
            continue when not found;
            continue when not pg_try_advisory_xact_lock(hashtextextended(line, 8403));
            select s.* into found_voter from voter_standings s
            where s.voter_id = candidate and s.phone = line and s.precinct_id = precinct
              and s.never is null and s.rest_until <= at
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
