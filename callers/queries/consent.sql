-- :name strike_off
-- A set union: what is there stays, but for what was taken back later. One line a number: upserts refuse two.
insert into strike_offs as s (precinct_id, roll_number, check_in_id, received_at, said_at)
select i.* from unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::timestamptz[])
    as i(precinct_id, roll_number, check_in_id, received_at, said_at)
where not exists (select from withdrawn_strikes w
                  where w.precinct_id = i.precinct_id and w.roll_number = i.roll_number and w.said_at > i.said_at)
on conflict (precinct_id, roll_number) do update set said_at = excluded.said_at
where excluded.said_at > coalesce(s.said_at, s.received_at)
returning precinct_id

-- :name withdraw
-- The latest word that a strike-off was a slip; one line a number. Ends the strike-off, whoever noted the word first.
with said as (
    select * from unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[])
        as i(precinct_id, roll_number, check_in_id, said_at)
), noted as (
    insert into withdrawn_strikes as w (precinct_id, roll_number, check_in_id, said_at)
    select precinct_id, roll_number, check_in_id, said_at from said
    on conflict (precinct_id, roll_number)
        do update set said_at = excluded.said_at, check_in_id = excluded.check_in_id
    where excluded.said_at > w.said_at
)
delete from strike_offs s using said
where s.precinct_id = said.precinct_id and s.roll_number = said.roll_number
  and coalesce(s.said_at, s.received_at) < said.said_at
returning s.precinct_id

-- :name opt_out
-- The latest word of a phone wins, in whatever order we hear them; on a tie, STOP does.
insert into opt_outs as o (phone, opted_out, said_at)
select * from unnest($1::text[], $2::boolean[], $3::timestamptz[])
on conflict (phone) do update set opted_out = excluded.opted_out, said_at = excluded.said_at
where (excluded.said_at, excluded.opted_out) > (o.said_at, o.opted_out)
returning phone
