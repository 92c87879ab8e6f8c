-- :name live
select * from dispatches where ended_at is null

-- :name calls
-- Calls made since each live dispatch began, and promises among them.
select d.precinct_id, count(*) as calls, count(*) filter (where c.outcome in ('will_vote', 'will_vote_at')) as promises
from dispatches d join calls c on c.precinct_id = d.precinct_id and c.at >= d.started_at and c.undone_at is null
where d.ended_at is null
group by d.precinct_id

-- :name calling
-- Callers who hold a voter now.
select precinct_id, count(*) as calling from leases
where ended_at is null and expires_at > $1 and door_id is null and caller_id not like 'list:%'
group by precinct_id

-- :name ended
-- The newest dispatch that is over of each of these precincts, and what came of it.
select d.precinct_id, d.ended_at, d.ended_reason as reason,
       (select count(*) from calls c where c.precinct_id = d.precinct_id and c.undone_at is null
        and c.at >= d.started_at) as calls,
       (select count(*) from calls c where c.precinct_id = d.precinct_id and c.undone_at is null
        and c.at >= d.started_at and c.outcome in ('will_vote', 'will_vote_at')) as promises
from (select distinct on (precinct_id) precinct_id, started_at, ended_at, ended_reason from dispatches
      where precinct_id = any($1::text[]) and ended_at is not null
      order by precinct_id, ended_at desc) d

-- :name history
-- Every dispatch of the day with the calls made while it was open.
select d.precinct_id, d.automatic, d.started_at, d.started_by, round(d.missing_at_start)::integer as missing_at_start,
       d.ended_at, coalesce(d.ended_reason, '') as ended_reason, count(c.outcome) as calls,
       count(c.outcome) filter (where c.outcome in ('will_vote', 'will_vote_at')) as promises
from dispatches d
left join calls c on c.precinct_id = d.precinct_id and c.undone_at is null and c.at >= d.started_at
                 and c.at <= coalesce(d.ended_at, 'infinity')
group by d.dispatch_id order by d.started_at, d.precinct_id

-- :name start
insert into dispatches (dispatch_id, precinct_id, automatic, callers_wanted, started_at, started_by, reason,
                        missing_at_start, closes_at, seen_behind, reachable)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict do nothing
returning dispatch_id

-- :name take_over
-- Staff order more or fewer callers to a precinct that is open already: from then on the dispatch is theirs.
update dispatches
set callers_wanted = $2, automatic = false, hold = '', paused_by = '', started_by = $3, reason = $4
where precinct_id = $1 and ended_at is null
returning dispatch_id

-- :name end
update dispatches set ended_at = $2, ended_by = $3, ended_reason = $4, hold = ''
where precinct_id = $1 and ended_at is null
returning dispatch_id

-- :name hold
update dispatches set hold = $2 where precinct_id = $1 and ended_at is null and hold <> $2
returning dispatch_id

-- :name pause
-- Staff let it rest ($2: who, $3: the hold that says so), or go on (both empty).
update dispatches set paused_by = $2, hold = $3 where precinct_id = $1 and ended_at is null
returning dispatch_id

-- :name note
update dispatches set closes_at = $2, seen_behind = seen_behind or $3
where precinct_id = $1 and ended_at is null and (closes_at <> $2 or seen_behind < $3)

-- :name stopped_by_staff
-- What staff stopped is not started again by itself.
select distinct precinct_id from dispatches where ended_at is not null and ended_by not in ('callers', 'clock')

-- :name reachable
-- Voters left in each precinct: at all, and to be called right now; the control group's are not.
select precinct_id, count(*) as remaining, count(*) filter (where rest_until <= $2) as now
from voter_standings left join control_group g on true
where precinct_id = any($1::text[]) and never is null
  and (g.share is null or control_rank(g.key, phone) >= g.share)
group by precinct_id

-- :name unlisted
-- Those of these precincts of which no voter is on the roll; and whether anybody is, anywhere.
select (select coalesce(array_agg(p), '{}') from unnest($1::text[]) p
        where not exists (select from voters v where v.precinct_id = p)) as precincts,
       exists (select from voters) as roll

-- :name staffing
-- Who works there and how many should, for whoever reads the table; unchanged rows are left alone.
update dispatches d set callers_now = n.now, callers_allocated = n.allocated, reachable = n.reachable
from unnest($1::text[], $2::integer[], $3::integer[], $4::integer[]) as n (precinct_id, now, allocated, reachable)
where d.precinct_id = n.precinct_id and d.ended_at is null
  and (d.callers_now, d.callers_allocated, d.reachable)
      is distinct from (n.now, n.allocated, n.reachable)

-- :name forget_proposals
delete from dispatch_proposals

-- :name propose
insert into dispatch_proposals (precinct_id, callers, missing, reachable, sentence, votes, urgent, at)
select * from unnest($1::text[], $2::integer[], $3::integer[], $4::integer[], $5::text[], $6::real[],
                     $7::boolean[], $8::timestamptz[])

-- :name limits
select * from dispatch_limits

-- :name votes_a_contact
-- As the leader measured it; no row, or null, while nothing is known.
select votes_a_contact from control_group

-- :name set_limits
insert into dispatch_limits (automatic, least_probability, least_missing, most_precincts, most_callers,
                             line_minutes, line_people, set_by, set_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (only_row) do update set
    automatic = excluded.automatic, least_probability = excluded.least_probability,
    least_missing = excluded.least_missing, most_precincts = excluded.most_precincts,
    most_callers = excluded.most_callers, line_minutes = excluded.line_minutes,
    line_people = excluded.line_people, set_by = excluded.set_by, set_at = excluded.set_at

-- :name proposals
select * from dispatch_proposals order by urgent desc, votes desc, precinct_id
