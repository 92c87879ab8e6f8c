-- :name counted
-- Voters with a next move by where, what and the hour in which they said it, since $1; `kept` of them have been struck
-- off or voted early. $2: of one phone bank's callers; empty: all. A later word takes an earlier one's place, but a try
-- ($4) that reached nobody takes back nothing, and of a promise ($3) even "already voted" only a strike-off tells.
select c.precinct_id, c.outcome, c.next_move, date_trunc('hour', c.at) as hour, count(*) as said,
       count(*) filter (where v.voted or s.roll_number is not null) as kept
from calls c join voters v using (voter_id)
left join strike_offs s on s.precinct_id = v.precinct_id and s.roll_number = v.roll_number
where c.at > $1 and c.undone_at is null and c.next_move <> ''
  and ($2::text = '' or exists (select from callers p where p.caller_id = c.caller_id and p.phone_bank = $2))
  and not exists (select from calls k
                  where k.phone = c.phone and k.voter_id = c.voter_id and k.undone_at is null
                    and (k.at, k.outcome_id) > (c.at, c.outcome_id)
                    and not (c.next_move <> 'retry' and k.outcome = any($4::text[]))
                    and not (c.outcome = any($3::text[]) and k.outcome = 'already_voted'))
group by c.precinct_id, c.outcome, c.next_move, hour
order by c.precinct_id, hour, c.outcome

-- :name waiting
-- Voters who wait for the move $2, soonest first; nobody who has voted, and for a call nobody who wants none. What
-- staff see to is due when it was said; what only a strike-off tells has no time.
select c.voter_id, c.precinct_id, c.outcome, c.next_move as move, c.at, c.said_at, c.need, c.line_minutes,
       case c.next_move when 'staff' then c.at when 'watch' then null
            else greatest(c.rest_until, c.at) end as due_at
from calls c join voters v using (voter_id)
left join strike_offs s on s.precinct_id = v.precinct_id and s.roll_number = v.roll_number
left join opt_outs o on o.phone = v.phone
where c.at > $1 and c.undone_at is null and c.next_move = $2 and not v.voted and s.roll_number is null
  and (c.next_move in ('staff', 'watch') or not (v.do_not_call or coalesce(o.opted_out, false)))
  and not exists (select from calls k
                  where k.phone = c.phone and k.voter_id = c.voter_id and k.undone_at is null
                    and (k.at, k.outcome_id) > (c.at, c.outcome_id)
                    and not (c.next_move <> 'retry' and k.outcome = any($4::text[]))
                    and not (c.outcome = any($3::text[]) and k.outcome = 'already_voted'))
order by due_at nulls last, c.at, c.voter_id

-- :name last_word
-- What the voter of a lease said on an earlier call, where something follows from it.
select c.outcome, c.at, c.said_at
from leases l join calls c on c.phone = l.phone and c.voter_id = l.voter_id and c.lease_id <> l.lease_id
where l.lease_id = $1 and c.undone_at is null and c.next_move in ('call', 'staff', 'watch')
order by c.at desc, c.outcome_id desc limit 1
