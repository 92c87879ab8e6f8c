-- Voters of a precinct as a canvasser may find them: `gone` says why to leave one alone, null while one may knock.

-- As `voter_standings` says, and of voters without a phone, whom nobody calls, what it does not look at. `line`: what
-- holds them in `leases`. Null `wanted`: everybody there.
--
-- In PL/pgSQL, so that it is never drawn into the statement which asks: among more tables than the planner puts in
-- order (join_collapse_limit), it was worked out for every voter of the county and then for one door.
create or replace function door_voters(place text, wanted text[])
returns table (voter_id text, line text, roll_number text, name text, address text, sealed bytea, language text,
               timezone text, gone text, rest_until timestamptz) language plpgsql stable rows 20 as $$
#variable_conflict use_column
begin
    if wanted is null then
        wanted := array(select v.voter_id from voters v where v.precinct_id = place);
    end if;
    return query
    select s.voter_id, case when s.phone = '' then 'none:' || s.voter_id else s.phone end, s.roll_number, s.name,
           s.address, s.sealed, s.language, s.timezone,
           case
               when s.phone <> '' then s.never
               when v.do_not_call then 'do_not_call'
               when v.voted or k.roll_number is not null then 'voted'
               when o.rest_until = 'infinity' then 'finished'
           end,
           coalesce(o.rest_until, s.rest_until)
    from voter_standings s
    join voters v using (voter_id)
    left join strike_offs k on k.precinct_id = v.precinct_id and k.roll_number = v.roll_number
    left join lateral (
        select max(c.rest_until) as rest_until from calls c
        where c.phone = 'none:' || v.voter_id and c.undone_at is null and v.phone = ''
    ) o on true
    where s.precinct_id = place and s.voter_id = any(wanted);
end $$;
