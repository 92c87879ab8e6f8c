-- :name by_hour
-- Calls since $1 by precinct and hour, and those in which the voter was spoken to ($2) or promised to vote ($3);
-- how many of the calls were visits at a door.
-- $4: of one phone bank's callers; empty: all.
select precinct_id, date_trunc('hour', at) as hour, count(*) as calls,
       count(*) filter (where outcome = any($2::text[])) as reached,
       count(*) filter (where outcome = any($3::text[])) as promised,
       count(*) filter (where caller_id like 'door:%') as doors
from calls c
where at > $1 and undone_at is null
  and ($4::text = '' or exists (select from callers p where p.caller_id = c.caller_id and p.phone_bank = $4))
group by precinct_id, hour
order by precinct_id, hour

-- :name reached
-- Voters called since $1 in each precinct: all, those spoken to ($2), those first spoken to since $3, and those who are
-- not called again, reached or given up.
select precinct_id, count(*) as tried, count(first_at) as reached, count(*) filter (where first_at > $3) as lately,
       count(*) filter (where over) as over
from (select precinct_id, voter_id, min(at) filter (where outcome = any($2::text[])) as first_at,
             bool_or(rest_until = 'infinity') as over
      from calls where at > $1 and undone_at is null
      group by precinct_id, voter_id) v
group by precinct_id
