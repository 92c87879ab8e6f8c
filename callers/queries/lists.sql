-- :name make
insert into call_lists (list_id, precinct_id, kind, lines, made_by, made_at, until)
values ($1, $2, $3, $4, $5, $6, $7)

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
order by s.address, s.roll_number

-- :name doors
-- Whom to visit: not voted, not said no, not reached yet; with or without a phone.
select voter_id, name, address, sealed from voter_standings
where precinct_id = $1 and (never is null or never = 'no_phone')
order by roll_number
