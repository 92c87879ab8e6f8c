-- :name strike_off
-- A set union: what is there stays.
insert into strike_offs (precinct_id, roll_number, check_in_id, received_at)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[])
on conflict do nothing
returning precinct_id

-- :name opt_out
-- The latest word of a phone wins, in whatever order we hear them; on a tie, STOP does.
insert into opt_outs as o (phone, opted_out, said_at)
select * from unnest($1::text[], $2::boolean[], $3::timestamptz[])
on conflict (phone) do update set opted_out = excluded.opted_out, said_at = excluded.said_at
where (excluded.said_at, excluded.opted_out) > (o.said_at, o.opted_out)
returning phone
