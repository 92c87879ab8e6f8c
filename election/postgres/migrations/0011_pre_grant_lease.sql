-- Who may be called, in one place: the queue, the moment of dialling and the tests all ask this view.
create view voter_standings as
select v.voter_id, v.precinct_id, v.roll_number, v.name, v.phone, v.timezone, v.support, v.turnout,
       coalesce(c.language, v.language) as language,
       case
           when v.phone = '' then 'no_phone'
           when v.do_not_call or o.opted_out then 'do_not_call'
           when v.voted or s.roll_number is not null then 'voted'
           when c.rest_until = 'infinity' then 'finished'
       end as never, -- why never to call; null: some time today
       coalesce(c.rest_until, '-infinity') as rest_until,
       c.promised is not null as promised -- they asked to be called back
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

-- Grants the first of `wanted` that may be called now, or nothing. Each statement below sees what committed
-- before it (READ COMMITTED), so the order "lock, then look" closes the gap between looking and inserting:
-- whoever grants on a voter or a phone holds both locks until the grant is visible. The unique indexes on
-- `leases` would refuse a double lease even without them.
create function grant_lease(
    new_lease uuid, caller text, precinct text, wanted text[], languages text[],
    zone text, open_zones text[], at timestamptz, until timestamptz
) returns setof voter_standings language plpgsql as $$
declare
    candidate text;
    number text;
    granted voter_standings;
begin
    perform from dispatches d
    where d.precinct_id = precinct and d.ended_at is null and d.hold = '' and d.closes_at > at;
    if not found then return; end if;
    foreach candidate in array wanted loop
        select v.phone into number from voters v
        where v.voter_id = candidate and v.phone <> '' for update skip locked;
        continue when not found;
        continue when not pg_try_advisory_xact_lock(hashtextextended(number, 8403));
        select s.* into granted from voter_standings s
        where s.voter_id = candidate and s.precinct_id = precinct and s.never is null and s.rest_until <= at
          and (s.language = '' or s.language = any(languages))
          and coalesce(s.timezone, zone) = any(open_zones)
          and not exists (select from leases l where l.phone = number and l.ended_at is null)
          and not exists (select from leases l where l.voter_id = candidate and l.ended_at is null);
        continue when not found;
        insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at)
        values (new_lease, candidate, number, precinct, caller, at, until)
        on conflict do nothing;
        if found then return next granted; return; end if;
    end loop;
end $$;
