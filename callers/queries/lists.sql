-- :name make
insert into call_lists (list_id, precinct_id, kind, lines, made_by, made_at, until)
values ($1, $2, $3, $4, $5, $6, $7)

-- :name own_account
-- Whoever lists for one account does so one after the other, at every service.
select pg_advisory_xact_lock(hashtextextended('listed ' || $1, 8403))

-- :name listed_lately
-- Voters an account has taken since $2.
select coalesce(sum(voters), 0)::bigint from voters_listed where account = $1 and at > $2

-- :name walked_lately
-- Whether an account has looked at this precinct's doors since $3: again is not more.
select exists (select from voters_listed where account = $1 and precinct_id = $2 and kind = 'walk' and at > $3)

-- :name take
insert into voters_listed (listed_id, account, precinct_id, kind, voters, at) values ($1, $2, $3, $4, $5, $6)

-- :name taken
-- A list came out shorter than it was asked for.
update voters_listed set voters = $2 where listed_id = $1

-- :name one
select * from call_lists where list_id = $1

-- :name lines
-- The list as it stands now: who has voted, opted out or been called meanwhile stays on it, with the reason.
select l.lease_id, l.caller_id, l.voter_id, l.precinct_id, l.phone, l.ended_at, l.ended_by, s.name, s.address,
       s.roll_number, s.language, s.sealed, s.never, c.outcome
from leases l
left join voter_standings s using (voter_id)
left join calls c on c.lease_id = l.lease_id and c.undone_at is null
where l.caller_id >= $1 and l.caller_id < $2
order by s.address, length(s.roll_number), s.roll_number

-- :name doors
-- Whom to visit: not voted, not said no, not reached yet; with or without a phone. The control group's are left
-- alone: called households leave this list as they are reached, and it would be visited more often than they.
select voter_id, name, address, sealed from door_voters($1, null) left join control_group g on true
where gone is null
  and (g.share is null or line like 'none:%' or control_rank(g.key, line) >= g.share)
order by length(roll_number), roll_number, voter_id
