-- :name reached
-- Households by the hour since $1 in which one of them was first spoken to ($2: the outcomes of that), by precinct;
-- how many of these said that they had voted ($3), what their scores gave, and how many had been struck off by then.
with first as (
    select distinct on (phone) voter_id, precinct_id, at, outcome from calls
    where at > $1 and undone_at is null and outcome = any($2::text[]) order by phone, at, outcome_id
), hours as (
    select f.precinct_id, date_trunc('hour', f.at) as hour, avg(extract(epoch from f.at))::float8 as at,
           count(*)::integer as reached, (count(*) filter (where f.outcome = $3))::integer as voted,
           sum(coalesce(v.turnout, 50) / 100.0)::float8 as expected
    from first f join voters v using (voter_id)
    group by f.precinct_id, hour
)
select h.*, (select count(*) from strike_offs s where s.precinct_id = h.precinct_id
             and s.received_at <= to_timestamp(h.at))::integer as struck
from hours h order by h.precinct_id, h.hour

-- :name listed
-- Voters of these precincts who have not voted early, and the sum of their scores.
select precinct_id, count(*)::integer as listed, sum(coalesce(turnout, 50) / 100.0)::float8 as expected
from voters where precinct_id = any($1::text[]) and not voted group by precinct_id
