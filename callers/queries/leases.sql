-- :name candidates
-- Everybody in a precinct who may be called by $2 (the resting ones too, so that we know when to look again),
-- households together, promised calls first, then by score. A hint only: `grant_lease` is the judge.
select voter_id, phone, language, timezone, nullif(rest_until, '-infinity') as rest_until
from voter_standings s
where precinct_id = $1 and never is null and rest_until < 'infinity'
  and not exists (select from leases l where l.phone = s.phone and l.ended_at is null)
window household as (partition by phone)
order by max((promised and rest_until <= $2)::int) over household desc,
         max(power(greatest(coalesce(turnout, 50), 1), $3::float8)
             * power(greatest(coalesce(support, 50), 1), $4::float8)) over household desc,
         phone, roll_number

-- :name grant
select * from grant_lease($1, $2, $3, $4::text[], $5::text[], $6, $7::text[], $8, $9)

-- :name current
-- The lease a caller holds now.
select l.lease_id, l.expires_at, l.precinct_id, s.voter_id, s.name, l.phone, s.language
from leases l join voter_standings s using (voter_id)
where l.caller_id = $1 and l.ended_at is null and l.expires_at > $2

-- :name check
-- Looks consent up again for a live lease: everything `grant_lease` looked at, minutes later.
select l.lease_id, l.expires_at, l.ended_at, l.ended_by, l.ended_reason, l.phone, l.precinct_id,
       s.never, s.timezone, d.hold, d.closes_at
from leases l
left join voter_standings s using (voter_id)
left join dispatches d on d.precinct_id = l.precinct_id and d.ended_at is null
where l.lease_id = $1 and l.caller_id = $2

-- :name extend
update leases set expires_at = greatest(expires_at, $3) where lease_id = $1 and caller_id = $2 and ended_at is null
returning expires_at

-- :name dialled
update leases set dialled_at = $3, expires_at = greatest(expires_at, $4)
where lease_id = $1 and caller_id = $2 and ended_at is null
returning expires_at

-- :name end
update leases set ended_at = $3, ended_by = $4, ended_reason = $5
where lease_id = $1 and caller_id = $2 and ended_at is null
returning lease_id

-- :name sweep
-- Ends what ran out. Several services may do so at once.
update leases set ended_at = $1, ended_by = 'expired'
where lease_id in (select lease_id from leases where ended_at is null and expires_at <= $1
                   order by lease_id limit 5000 for update skip locked)
returning lease_id

-- :name revoke
-- Ends live leases whose voter has voted or opted out meanwhile, so that no page shows them any longer.
update leases l set ended_at = $1, ended_by = 'revoked', ended_reason = s.never
from voter_standings s
where l.ended_at is null and s.voter_id = l.voter_id and s.never in ('voted', 'do_not_call')
  and (($2::text[] is null and $3::text[] is null) or l.precinct_id = any($2) or l.phone = any($3))
returning l.lease_id

-- :name record
-- One outcome for a lease of this caller, once; $7 holds until when to rest after the nth such call. A lease that
-- ended meanwhile still takes its outcome: the call was made.
with lease as (
    select * from leases where lease_id = $1 and caller_id = $2 for update
), earlier as (
    select count(*) as n from calls c, lease l
    where c.phone = l.phone and c.outcome = $4 and c.undone_at is null
), recorded as (
    insert into calls (outcome_id, lease_id, voter_id, phone, precinct_id, caller_id, outcome, at,
                       rest_until, whole_phone, language)
    select $3, l.lease_id, l.voter_id, l.phone, l.precinct_id, l.caller_id, $4, $5,
           ($7::timestamptz[])[least(e.n + 1, cardinality($7::timestamptz[]))::int], $6, $8
    from lease l, earlier e
    on conflict do nothing
    returning lease_id, precinct_id, rest_until
), ended as (
    update leases set ended_at = $5, ended_by = 'outcome'
    where ended_at is null and lease_id in (select lease_id from recorded)
    returning lease_id
)
select (select lease_id from lease) as lease, r.lease_id as recorded, r.precinct_id,
       nullif(nullif(r.rest_until, 'infinity'), '-infinity') as rest_until
from (select) one left join recorded r on true

-- :name recorded
select outcome_id, outcome, at from calls where lease_id = $1 and undone_at is null

-- :name repeated
select lease_id, outcome, at, undone_at from calls where outcome_id = $1 and caller_id = $2

-- :name undo
update calls set undone_at = $3
where lease_id = $1 and caller_id = $2 and undone_at is null and at >= $4
returning outcome_id

-- :name reopen
-- Gives an undone call's voter back to the caller, unless somebody holds voter, phone or caller by now.
update leases l set ended_at = null, ended_by = null, expires_at = greatest(expires_at, $3)
where l.lease_id = $1 and l.caller_id = $2 and l.ended_by = 'outcome'
  and not exists (select from leases o where o.ended_at is null
                  and (o.voter_id = l.voter_id or o.phone = l.phone or o.caller_id = l.caller_id))
returning l.lease_id

-- :name whereabouts
-- Where each caller worked last, since $1.
select distinct on (caller_id) caller_id, precinct_id from leases where granted_at > $1
order by caller_id, granted_at desc

-- :name caller
select caller_id, name, languages, barred from callers where caller_id = $1

-- :name calls_today
select count(*) from calls where caller_id = $1 and undone_at is null
