-- Roll numbers as text, and optional: a vendor's or a state's file numbers nobody, a register in the United Kingdom has
-- `18/1`. Empty: none. What is texted is a number, and finds the same digits. (An import by the code before this one is
-- refused, and changes nothing; it goes on reading and striking off.)
-- `give_lease` has taken this one's place since 0013; it is bound to the view's type.
drop function grant_lease(uuid, text, text, text[], text[], text, text[], timestamptz, timestamptz);
drop view rehearsal.voter_standings;
drop view public.voter_standings;

alter table voters
    drop constraint voters_roll_number_check,
    drop constraint voters_precinct_id_roll_number_key,
    alter column roll_number type text using roll_number::text,
    alter column roll_number set default '';
create unique index voters_precinct_id_roll_number_key on voters (precinct_id, roll_number) where roll_number <> '';
-- Voters of a precinct, numbered or not.
create index voters_precinct on voters (precinct_id);
alter table strike_offs alter column roll_number type text using roll_number::text;
alter table rehearsal.strike_offs alter column roll_number type text using roll_number::text;

-- As before.
create view voter_standings as
select v.voter_id, v.precinct_id, v.roll_number, v.name, v.phone, v.timezone, v.support, v.turnout,
       coalesce(c.language, v.language) as language,
       case
           when v.phone = '' then 'no_phone'
           when v.do_not_call or o.opted_out then 'do_not_call'
           when v.voted or s.roll_number is not null then 'voted'
           when c.rest_until = 'infinity' then 'finished'
       end as never, -- why never to call; null: some time today
       greatest(c.rest_until, u.rest_until, '-infinity') as rest_until,
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
) c on true
left join lateral (
    select max(l.rest_until) as rest_until
    from leases l
    where l.phone = v.phone and v.phone <> '' and l.ended_by in ('expired', 'released', 'revoked')
      and not exists (select from calls k where k.lease_id = l.lease_id and k.undone_at is null)
) u on true;

do $$
declare
    definition text := pg_get_viewdef('public.voter_standings'::regclass);
begin
    definition := replace(replace(replace(definition, 'strike_offs ', 'rehearsal.strike_offs '),
                                  'calls ', 'rehearsal.calls '), 'leases ', 'rehearsal.leases ');
    execute 'create view rehearsal.voter_standings as ' || definition;
end $$;
