-- :name voters
-- Whom to visit in a precinct, with those who are resting or on somebody's lease. The control group's are left alone:
-- called households leave the walk list as they are reached, and it would be visited more often than they.
select s.voter_id, s.name, s.address, s.sealed, s.timezone from door_voters($1, null) s left join control_group g on true
where s.gone is null and s.rest_until <= $2
  and (g.share is null or s.line like 'none:%' or control_rank(g.key, s.line) >= g.share)
order by length(s.roll_number), s.roll_number, s.voter_id

-- :name give
select give_doors($1, $2, $3, $4, $5::text[], $6::text[], $7::integer[], $8, $9, $10, $11, $12, $13)

-- :name held
-- The doors a canvasser holds, with each voter behind them as they stand at this moment.
select d.door_id, d.precinct_id, d.expires_at, l.lease_id, l.voter_id, l.ended_at is not null as over,
       s.name, s.address, s.sealed, s.language, s.timezone, s.gone, c.outcome
from door_leases d
join leases l using (door_id)
left join lateral door_voters(d.precinct_id, array[l.voter_id]) s on true
left join calls c on c.lease_id = l.lease_id and c.undone_at is null
where d.canvasser_id = $1 and d.ended_at is null and d.expires_at > $2
order by d.granted_at, l.caller_id

-- :name extend
-- The canvasser is at work: all of their doors last longer.
with extended as (
    update door_leases set expires_at = greatest(expires_at, $3)
    where canvasser_id = $1 and ended_at is null and expires_at > $2
    returning door_id, expires_at
)
update leases l set expires_at = e.expires_at from extended e where l.door_id = e.door_id and l.ended_at is null

-- :name lease
-- By which name a canvasser holds, or held, a voter.
select l.caller_id, l.precinct_id from leases l join door_leases d using (door_id)
where l.lease_id = $1 and d.canvasser_id = $2

-- :name give_back
with ended as (
    update door_leases set ended_at = $3, ended_by = $4
    where canvasser_id = $1 and ($2::uuid is null or door_id = $2) and ended_at is null
    returning door_id
), freed as (
    update leases l set ended_at = $3, ended_by = case when $4 = 'revoked' then 'revoked' else 'released' end
    from ended e where l.door_id = e.door_id and l.ended_at is null
    returning l.lease_id
)
select (select count(*) from ended)::integer as doors, (select count(*) from freed)::integer as voters

-- :name revoke
-- Ends leases at doors whose voter may not be visited any longer; without a phone, nobody else looks.
update leases l set ended_at = $2, ended_by = 'revoked', ended_reason = x.gone
from (
    select m.lease_id, s.gone from door_leases d join leases m using (door_id)
    cross join lateral door_voters(d.precinct_id, array[m.voter_id]) s
    where d.canvasser_id = $1 and d.ended_at is null and m.ended_at is null and s.gone in ('voted', 'do_not_call')
    order by m.lease_id for update of m
) x
where l.lease_id = x.lease_id

-- :name sweep
select end_doors($1, $2, null)

-- :name shown_lately
-- Voters shown since $2 to a canvasser, and to an address.
select (select count(*) from voters_shown where caller_id = $1 and at > $2) as canvasser,
       (select count(*) from voters_shown where address = $3 and at > $2) as address

-- :name canvassers
-- Canvassers with what they hold at $2, and what came of their visits since $1 ($3: outcomes of who was spoken to).
select c.caller_id, c.name, c.barred, c.phone_bank, coalesce(h.doors, 0)::integer as doors,
       coalesce(h.left, 0)::integer as left, coalesce(k.visited, 0)::integer as visited,
       coalesce(k.told, 0)::integer as told, coalesce(k.reached, 0)::integer as reached,
       coalesce(g.precinct_id, '') as precinct_id, greatest(c.joined_at, g.at, k.at) as seen_at
from callers c
left join lateral (
    select d.precinct_id, d.granted_at as at from door_leases d
    where d.canvasser_id = c.caller_id order by d.granted_at desc limit 1
) g on true
left join lateral (
    select count(distinct d.door_id) as doors, count(l.lease_id) as left from door_leases d
    left join leases l on l.door_id = d.door_id and l.ended_at is null
    where d.canvasser_id = c.caller_id and d.granted_at > $1 and d.ended_at is null and d.expires_at > $2
) h on true
left join lateral (
    select count(distinct d.door_id) as visited, count(*) as told, max(o.at) as at,
           count(*) filter (where o.outcome = any($3::text[])) as reached
    from door_leases d join leases l on l.door_id = d.door_id
    join calls o on o.lease_id = l.lease_id and o.undone_at is null
    where d.canvasser_id = c.caller_id and d.granted_at > $1
) k on true
where c.role = 'canvasser'
order by c.name, c.caller_id limit 2000
