-- A share of the households is never called, so that what calls bring can be known (callers/effect/effect.py).

-- Stated before the first call, and from then on as it is. Who is in it follows from the key, so that voters
-- imported later are in it or not just as surely.
create table control_group (
    only_row boolean primary key default true check (only_row),
    share double precision not null check (share > 0 and share <= 0.5),
    key bytea not null,
    stated_at timestamptz not null,
    votes_a_contact double precision, -- the estimate, drawn to its prior; null: nothing is known yet
    estimated_at timestamptz
);

-- Households of the control group whose turn in a queue came: whom a call would have gone to, when and whose.
create table control_turns (
    phone text primary key,
    voter_id text not null,
    precinct_id text not null,
    caller_id text not null,
    variant text not null,
    at timestamptz not null
);

create table rehearsal.control_group (like public.control_group including all);
create table rehearsal.control_turns (like public.control_turns including all);

-- Where a phone falls between 0 and 1; below the share it is in the control group.
create function control_rank(key bytea, phone text) returns double precision immutable strict parallel safe
language sql as $$
    select (get_byte(d, 0) * 16777216.0 + get_byte(d, 1) * 65536.0 + get_byte(d, 2) * 256.0 + get_byte(d, 3))::float8
           / 4294967296.0
    from (select sha256(key || convert_to(phone, 'UTF8'))) as hashed(d)
$$;

-- Nobody of the control group is ever leased, whatever asks: the turn is written down instead, and whoever asked
-- goes on to the next household as if somebody else had taken this one. A rehearsal's connection finds its own
-- tables first, as everywhere.
create function pass_over_control() returns trigger language plpgsql as $$
begin
    perform from control_group g where control_rank(g.key, new.phone) < g.share;
    if not found then
        return new;
    end if;
    insert into control_turns (phone, voter_id, precinct_id, caller_id, variant, at)
    values (new.phone, new.voter_id, new.precinct_id, new.caller_id, new.variant, new.granted_at)
    on conflict do nothing;
    return null;
end $$;
create trigger leases_pass_over_control before insert on leases
    for each row execute function pass_over_control();
create trigger leases_pass_over_control before insert on rehearsal.leases
    for each row execute function pass_over_control();
