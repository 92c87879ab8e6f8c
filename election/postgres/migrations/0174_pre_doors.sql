-- Doors: a canvasser holds the doors of a few buildings, and each voter behind them stands in `leases` as a caller's
-- voter does, so that nobody calls whom somebody visits.

-- One building on lease. What may be read of it lies with its voters; `building` is a keyed fingerprint of its street
-- address, since addresses may be sealed. The unique index is law L7 for doors.
create table door_leases (
    door_id uuid primary key,
    precinct_id text not null,
    building text not null check (building <> ''),
    canvasser_id text not null,
    granted_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > granted_at),
    ended_at timestamptz,
    ended_by text check (ended_by in ('done', 'given_back', 'expired', 'revoked')),
    check ((ended_at is null) = (ended_by is null))
);
create unique index door_leases_one_a_building on door_leases (precinct_id, building) where ended_at is null;
create index door_leases_canvasser on door_leases (canvasser_id, granted_at);
create index door_leases_live on door_leases (expires_at) where ended_at is null;
create table rehearsal.door_leases (like public.door_leases including all);

-- A voter at a door has the pseudo-caller `door:ID:N`. Housemates share a phone, and a phone is still held once: by the
-- one of `housemate` 0, whom the next one follows when that lease ends. A voter without a phone has `none:VOTER` there.
do $$
declare
    place text;
    one_a_phone text;
begin
    foreach place in array array['public', 'rehearsal'] loop
        execute format($sql$
            alter table %1$I.leases
                add column door_id uuid references %1$I.door_leases,
                add column housemate smallint not null default 0 check (housemate >= 0),
                add constraint leases_housemate_at_a_door check (housemate = 0 or door_id is not null);
            create index leases_door on %1$I.leases (door_id) where door_id is not null;
        $sql$, place);
        select i.indexrelid::regclass::text into strict one_a_phone -- the rehearsal's has another name
        from pg_index i
        where i.indrelid = format('%I.leases', place)::regclass and i.indisunique
          and pg_get_indexdef(i.indexrelid) like '%(phone) WHERE (ended_at IS NULL)';
        execute format('drop index %s', one_a_phone);
        execute format(
            'create unique index leases_one_a_phone on %I.leases (phone, housemate) where ended_at is null', place
        );
    end loop;
end $$;

-- One that another is ending at this moment is passed over: two endings of one door never wait for each other.
create function next_housemate() returns trigger language plpgsql as $$
begin
    execute format($sql$
        update %1$I.leases set housemate = 0
        where lease_id = (select lease_id from %1$I.leases
                          where phone = $1 and door_id = $2 and ended_at is null
                          order by housemate limit 1 for update skip locked)
    $sql$, tg_table_schema) using new.phone, new.door_id;
    return null;
end $$;
create trigger leases_next_housemate after update of ended_at on leases for each row
    when (old.ended_at is null and new.ended_at is not null and new.door_id is not null and new.housemate = 0)
    execute function next_housemate();
create trigger leases_next_housemate after update of ended_at on rehearsal.leases for each row
    when (old.ended_at is null and new.ended_at is not null and new.door_id is not null and new.housemate = 0)
    execute function next_housemate();

-- Voters of a precinct as a canvasser may find them: `gone` says why to leave one alone, null while one may knock.

-- As `voter_standings` says, and of voters without a phone, whom nobody calls, what it does not look at. `line`: what
-- holds them in `leases`. Null `wanted`: everybody there.
create function door_voters(place text, wanted text[])
returns table (voter_id text, line text, roll_number text, name text, address text, sealed bytea, language text,
               timezone text, gone text, rest_until timestamptz) language sql stable as $$
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
    where s.precinct_id = place and (wanted is null or s.voter_id = any(wanted))
$$;

-- Ends doors that ran out, and doors behind which nobody is left to visit; with the leases of their voters.

-- Returns how many. Null `canvasser` or `precinct`: of all.
create function end_doors(at timestamptz, canvasser text, precinct text)
returns integer language plpgsql as $$
declare
    door record;
    ended integer := 0;
begin
    for door in
        select d.door_id, d.expires_at <= at as late from door_leases d
        where d.ended_at is null and (canvasser is null or d.canvasser_id = canvasser)
          and (precinct is null or d.precinct_id = precinct)
          and (d.expires_at <= at
               or not exists (select from leases l where l.door_id = d.door_id and l.ended_at is null))
        order by d.door_id for update skip locked
    loop
        update leases l set ended_at = at, ended_by = 'expired' where l.lease_id in (
            select m.lease_id from leases m where m.door_id = door.door_id and m.ended_at is null
            order by m.lease_id for update
        );
        update door_leases d set ended_at = at, ended_by = case when door.late then 'expired' else 'done' end
        where d.door_id = door.door_id;
        ended := ended + 1;
    end loop;
    return ended;
end $$;

-- Gives a canvasser the next buildings of a walk list, with those behind each door who may be visited now.

-- Returns how many voters. `buildings` in walking order; `wanted[n]` lives in the one of number `places[n]`. At most
-- `most` doors are held, and `per_hour` voters shown to one canvasser, `from_address` to one address in an hour.
--
-- Grants in a precinct follow each other, and those to one canvasser: both locks are taken in one order. A phone's lock
-- is the one `give_lease` takes: "lock, then look" keeps a caller and a canvasser apart as it does two callers. Nothing
-- else here waits: what another holds is passed over.
create function give_doors(
    canvasser text, precinct text, at timestamptz, until timestamptz, buildings text[], wanted text[], places integer[],
    most integer, most_voters integer, per_hour integer, from_address integer, bank text, origin text
) returns integer language plpgsql as $$
declare
    door uuid;
    room integer;
    given integer := 0;
    fresh integer;
    mine text[];
begin
    perform pg_advisory_xact_lock(hashtextextended('canvasser ' || canvasser, 8403));
    perform pg_advisory_xact_lock(hashtextextended('doors ' || precinct, 8403));
    perform from dispatches d
    where d.precinct_id = precinct and d.ended_at is null and d.hold = '' and d.closes_at > at;
    if not found then
        return 0;
    end if;
    perform end_doors(at, null, precinct);
    room := most - (select count(*) from door_leases d where d.canvasser_id = canvasser and d.ended_at is null);
    most_voters := least(
        most_voters,
        per_hour - (select count(*) from voters_shown v where v.caller_id = canvasser and v.at > give_doors.at - interval '1 hour'),
        from_address - (select count(*) from voters_shown v where v.address = origin and v.at > give_doors.at - interval '1 hour')
    );
    for n in 1 .. coalesce(cardinality(buildings), 0) loop
        exit when room <= 0 or given >= most_voters;
        continue when exists (select from door_leases d where d.precinct_id = precinct
                              and d.building = buildings[n] and d.ended_at is null);
        select array_agg(l.voter_id) into mine
        from (select v.voter_id, case when v.phone = '' then 'none:' || v.voter_id else v.phone end as line
              from unnest(wanted, places) as w(voter_id, place) join voters v using (voter_id)
              where w.place = n offset 0) l
        where pg_try_advisory_xact_lock(hashtextextended(l.line, 8403));
        continue when mine is null;
        door := gen_random_uuid();
        insert into door_leases (door_id, precinct_id, building, canvasser_id, granted_at, expires_at)
        values (door, precinct, buildings[n], canvasser, at, until);
        insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at, door_id, housemate)
        select gen_random_uuid(), s.voter_id, s.line, precinct,
               'door:' || door || ':' || to_char(s.turn, 'FM0000'), at, until, door,
               row_number() over (partition by s.line order by s.turn) - 1
        from (select d.*, row_number() over (order by length(d.roll_number), d.roll_number, d.voter_id) as turn
              from door_voters(precinct, mine) d
              where d.gone is null and d.rest_until <= at
                and not exists (select from leases l where l.phone = d.line and l.ended_at is null)
                and not exists (select from leases l where l.voter_id = d.voter_id and l.ended_at is null)
              order by turn limit most_voters - given) s
        on conflict do nothing;
        get diagnostics fresh = row_count;
        if fresh = 0 then
            delete from door_leases d where d.door_id = door;
            continue;
        end if;
        insert into voters_shown (lease_id, caller_id, phone_bank, address, at)
        select l.lease_id, canvasser, bank, origin, give_doors.at from leases l where l.door_id = door;
        room := room - 1;
        given := given + fresh;
    end loop;
    return given;
end $$;
