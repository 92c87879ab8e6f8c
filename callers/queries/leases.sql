-- :name candidates
-- Who may be called now, households together, promised calls first, then by score: the first $5 of each language
-- and zone, so that no caller's share is crowded out by another's; `next_due` is when a resting one comes back. A
-- hint only: `give_lease` is the judge. The control group's households stand among them until their turn comes,
-- which is written down and gives them to nobody. Always at least one row.
with base as materialized (
    select voter_id, phone, roll_number, language, timezone, rest_until,
           max((promised and rest_until <= $2)::int) over household as due,
           max(power(greatest(coalesce(turnout, 50), 1), $3::float8)
               * power(greatest(coalesce(support, 50), 1), $4::float8)) over household as score
    from voter_standings s
    where precinct_id = $1 and never is null and rest_until < 'infinity'
      and not exists (select from leases l where l.phone = s.phone and l.ended_at is null)
      and not exists (select from control_turns t where t.phone = s.phone)
    window household as (partition by phone)
), ranked as (
    select *, row_number() over (partition by language, timezone
                                 order by due desc, score desc, phone, length(roll_number), roll_number,
                                          voter_id) as place
    from base where rest_until <= $2
)
select d.next_due, d.more, r.voter_id, r.phone, r.language, r.timezone
from (select min(rest_until) filter (where rest_until > $2) as next_due,
             exists (select from ranked where place > $5) as more
      from base) d
left join ranked r on r.place <= $5
order by r.due desc, r.score desc, r.phone, length(r.roll_number), r.roll_number, r.voter_id

-- :name grant
select * from give_lease($1, $2, $3, $4::text[], $5::text[], $6, $7::text[], $8, $9, $10::text[])

-- :name current
-- The lease a caller holds now.
select l.lease_id as lease, l.expires_at as ends, l.precinct_id as place, l.voter_id as voter,
       s.name as voter_name, l.phone as number, s.language as tongue, l.variant as script, s.sealed as secret,
       l.dialled_at is not null as shown
from leases l join voter_standings s using (voter_id)
where l.caller_id = $1 and l.ended_at is null and l.expires_at > $2

-- :name check
-- Looks consent up again for a live lease: everything `give_lease` looked at, minutes later.
select l.lease_id, l.expires_at, l.ended_at, l.ended_by, l.ended_reason, l.phone, l.precinct_id, l.variant,
       s.never, s.timezone, s.voter_id, s.sealed, s.name, s.language, d.hold, d.closes_at
from leases l
left join voter_standings s using (voter_id)
left join dispatches d on d.precinct_id = l.precinct_id and d.ended_at is null
where l.lease_id = $1 and l.caller_id = $2

-- :name extend
-- One row, whether the lease is still live or not: many go in one transaction.
with extended as (
    update leases set expires_at = greatest(expires_at, $3)
    where lease_id = $1 and caller_id = $2 and ended_at is null
    returning expires_at
)
select e.expires_at from (select) one left join extended e on true

-- :name dialled
-- The voter is shown now, unless a budget is spent: `refused` says which, empty while none is. Shown once, a
-- voter may be dialled again. $5: until when the phone rests if the outcome never comes; $6: phone bank; $7:
-- address; $8: callers known by name, the size of the bank ''; $9 to $14: `Budgets`. Who dials at one service
-- does so one after the other (one lane), so each is counted before the next is judged; another service's that
-- commit in this very moment are not seen.
with lease as (
    select dialled_at is not null as shown from leases
    where lease_id = $1 and caller_id = $2 and ended_at is null
), bank as materialized (
    select case when $6::text = '' then $8::bigint
                else (select count(*) from callers where phone_bank = $6 and not barred) end as callers
), judged as (
    select case
        when coalesce((select shown from lease), true) then ''
        when (select count(*) from leases l
              where l.caller_id = $2 and l.dialled_at is not null and l.ended_by is distinct from 'outcome'
                and not exists (select from calls c where c.lease_id = l.lease_id and c.undone_at is null))
           + (select count(distinct c.lease_id) from calls c join leases l using (lease_id)
              where c.caller_id = $2 and c.undone_at is not null and l.dialled_at is not null
                and l.ended_by = 'outcome'
                and not exists (select from calls k where k.lease_id = c.lease_id and k.undone_at is null))
             >= $9::integer then 'unreported'
        when (select count(*) from voters_shown where caller_id = $2 and at > $4::timestamptz - interval '1 minute')
             >= $10::integer
          or (select count(*) from voters_shown where caller_id = $2 and at > $4::timestamptz - interval '1 hour')
             >= $14::integer then 'caller'
        when $6 <> '' and (select count(*) from voters_shown where phone_bank = $6 and phone_bank <> ''
                           and at > $4::timestamptz - make_interval(secs => $13::float8))
             >= greatest($11::integer, bank.callers) then 'bank'
        when (select count(*) from voters_shown where address = $7::text
              and at > $4::timestamptz - make_interval(secs => $13::float8))
             >= greatest($12::integer, bank.callers) then 'address'
        else ''
    end as refused
    from bank
), extended as (
    update leases set dialled_at = $4, expires_at = greatest(expires_at, $3), rest_until = $5
    where lease_id = $1 and caller_id = $2 and ended_at is null and (select refused from judged) = ''
    returning expires_at
), noted as (
    insert into voters_shown (lease_id, caller_id, phone_bank, address, at)
    select $1, $2, $6::text, $7::text, $4 from extended where not coalesce((select shown from lease), true)
    on conflict do nothing
    returning lease_id
)
select e.expires_at, j.refused, exists (select from noted) as first from judged j left join extended e on true

-- :name unreported
-- Voters a caller was shown and has not told of, the one they hold left out; oldest first.
select l.lease_id, l.voter_id, l.precinct_id, l.dialled_at, s.name, s.sealed
from leases l left join voter_standings s using (voter_id)
where l.lease_id in (
    select o.lease_id from leases o
    where o.caller_id = $1 and o.dialled_at is not null and o.ended_by is distinct from 'outcome'
    union
    select c.lease_id from calls c join leases o using (lease_id)
    where c.caller_id = $1 and c.undone_at is not null and o.dialled_at is not null and o.ended_by = 'outcome'
) and l.ended_at is not null
  and not exists (select from calls c where c.lease_id = l.lease_id and c.undone_at is null)
order by l.dialled_at, l.lease_id

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
-- Ends live leases whose voter has voted or opted out meanwhile, so that no page shows them any longer. Locks
-- in the order in which batches of outcomes do.
update leases l set ended_at = $1, ended_by = 'revoked', ended_reason = gone.never
from (
    select o.lease_id, s.never
    from leases o join voter_standings s using (voter_id)
    where o.ended_at is null and s.never in ('voted', 'do_not_call')
      and (($2::text[] is null and $3::text[] is null) or o.precinct_id = any($2) or o.phone = any($3))
    order by o.lease_id for update of o
) gone
where l.lease_id = gone.lease_id
returning l.lease_id

-- :name record
-- One outcome for a lease of this caller, once; $7 holds until when to rest after the nth such call ($10: outcomes
-- that count as such). A lease that ended meanwhile still takes its outcome: the call was made. Somebody to be
-- called again ($9) within the hour before another of the same household waits for them: one call is enough.
with lease as (
    select * from leases where lease_id = $1 and caller_id = $2 for update
), earlier as (
    select count(*) as n from calls c, lease l
    where c.phone = l.phone and c.outcome = any($10::text[]) and c.undone_at is null
), own as (
    select ($7::timestamptz[])[least(e.n + 1, cardinality($7::timestamptz[]))::int] as rest_until from earlier e
), household as (
    select greatest(o.rest_until, max(c.rest_until)) as rest_until
    from own o left join (
        select c.rest_until from calls c, lease l
        where c.phone = l.phone and c.voter_id <> l.voter_id and c.undone_at is null and c.next_move = 'call'
    ) c on $9::text = 'call' and c.rest_until between o.rest_until and o.rest_until + interval '1 hour'
    group by o.rest_until
), recorded as (
    insert into calls (outcome_id, lease_id, voter_id, phone, precinct_id, caller_id, outcome, at,
                       rest_until, whole_phone, language, next_move, said_at, need, line_minutes,
                       seats, wheelchair, texts)
    select $3, l.lease_id, l.voter_id, l.phone, l.precinct_id, l.caller_id, $4, $5, h.rest_until, $6, $8,
           case when $9 = 'retry' and h.rest_until = 'infinity' then '' else $9::text end, $11::timestamptz, $12::text, $13::smallint,
           $14::smallint, $15::boolean, $16::boolean
    from lease l, household h
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
-- Where each caller worked last, since $1, and where they may.
select distinct on (l.caller_id) l.caller_id, l.precinct_id, c.counties, c.elsewhere
from leases l join callers c using (caller_id)
where l.granted_at > $1
order by l.caller_id, l.granted_at desc

-- :name caller
-- One who signed up at a phone bank is known while it lasts, in a rehearsal or on the day, whichever it was.
select caller_id, name, languages, page_language, counties, elsewhere, barred, phone_bank, role from callers c
where caller_id = $1
  and (c.phone_bank = '' or exists (select from phone_banks p where p.code = c.phone_bank and p.ends_at > $2))

-- :name analyze
analyze leases, calls, strike_offs, opt_outs
