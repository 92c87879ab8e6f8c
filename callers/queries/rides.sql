-- :name ask
-- A ride for every call between $1 and $2 in which a voter said that they need one. What has come from a call once is
-- not made again, whatever became of it; nor what was said before the voter's last ride ended.
insert into rides (ride_id, voter_id, phone, precinct_id, by_when, seats, wheelchair, texts, asked_by, wanted_at, since)
select c.outcome_id, c.voter_id, case when c.phone like 'none:%' then '' else c.phone end, c.precinct_id, c.said_at,
       coalesce(c.seats, 1), c.wheelchair, c.texts,
       c.caller_id, c.at, c.at
from calls c
where c.outcome = 'needs_ride' and c.undone_at is null and c.at > $1 and c.at <= $2
  and not exists (select from rides r where r.ride_id = c.outcome_id)
  and not exists (select from rides r where r.voter_id = c.voter_id and coalesce(r.ended_at, 'infinity') > c.at)
order by c.at
on conflict do nothing
returning ride_id

-- :name order
-- Staff ask. Nothing where the voter has a ride that is not over, or this very order was taken before.
insert into rides (ride_id, voter_id, phone, precinct_id, pickup, by_when, seats, wheelchair, return_trip, texts,
                   asked_by, wanted_at, since)
select $1, v.voter_id, v.phone, v.precinct_id, $3, $4, $5, $6, $7, $8, $9, $10, $10 from voters v where v.voter_id = $2
on conflict do nothing
returning ride_id

-- :name voter
select v.voter_id, v.precinct_id, v.voted or s.roll_number is not null as voted,
       v.do_not_call or coalesce(o.opted_out, false) as opted_out
from voters v
left join strike_offs s on s.precinct_id = v.precinct_id and s.roll_number = v.roll_number
left join opt_outs o on o.phone = v.phone and v.phone <> ''
where v.voter_id = $1

-- :name shown
-- Rides that are not over, or those of $1, with their voters as they stand at this moment.
select r.*, v.name, v.address, v.sealed, v.language, v.timezone, v.voter_id is null as gone,
       coalesce(v.voted, false) or s.roll_number is not null as voted,
       coalesce(v.do_not_call, false) or coalesce(o.opted_out, false) as opted_out, c.name as driver
from rides r
left join voters v using (voter_id)
left join strike_offs s on s.precinct_id = v.precinct_id and s.roll_number = v.roll_number
left join opt_outs o on o.phone = r.phone and r.phone <> ''
left join callers c on c.caller_id = r.driver_id
where r.ride_id = any(coalesce($1::uuid[], array(select ride_id from rides where ended_at is null)))
order by r.wanted_at, r.ride_id

-- :name lock
select ride_id from rides where ride_id = $1 for update

-- :name held
select ride_id from rides where driver_id = $1 and ended_at is null

-- :name free
-- Rides that nobody has or is offered and that fit a car of $1 seats ($2: with room for a wheelchair).
select ride_id, precinct_id, by_when, wanted_at, since, at_polls from rides
where ended_at is null and state = 'wanted' and driver_id = '' and seats <= $1 and (not wheelchair or $2)
  and not exists (select from ride_acts a where a.ride_id = rides.ride_id and a.by = $3 and a.act = 'give_back')

-- :name save
update rides set state = $2, driver_id = $3, at_polls = $4, expires_at = $5, since = $6, ended_at = $7, ended_by = $8
where ride_id = $1

-- :name extend
-- The driver is there: an offer or a claim lasts longer.
update rides set expires_at = greatest(expires_at, $3)
where ride_id = $1 and driver_id = $2 and ended_at is null and state = 'claimed'

-- :name note
insert into ride_acts (act_id, ride_id, act, by, at, said_at, state) values ($1, $2, $3, $4, $5, $6, $7)

-- :name noted
select ride_id, act, by, state from ride_acts where act_id = $1

-- :name taken_lately
-- Addresses a driver was shown since $2.
select count(distinct ride_id) from ride_acts where by = $1 and act = 'take' and at > $2

-- :name driver
select d.caller_id, d.phone, d.seats, d.wheelchair, d.texts, c.name, c.languages, c.page_language, c.counties,
       c.elsewhere
from drivers d join callers c using (caller_id)
where d.caller_id = $1 and c.role = 'driver' and not c.barred

-- :name drivers
-- Drivers whose links are good, with the ride each has and how many voters they brought since $1.
select d.caller_id, c.name, d.phone, d.seats, d.wheelchair, r.ride_id is not null and r.state <> 'wanted' as busy,
       (select count(*) from ride_acts a where a.by = d.caller_id and a.act = 'bring' and a.at > $1) as brought
from drivers d join callers c using (caller_id)
left join rides r on r.driver_id = d.caller_id and r.ended_at is null
where c.role = 'driver' and not c.barred order by c.name, d.caller_id

-- :name at_work
-- Drivers whose links are good, each with the ride they have or had last, how many voters they brought since $1, and
-- their last act.
select d.caller_id, c.name, c.phone_bank, d.seats, r.ride_id is not null as busy, coalesce(r.state, '') as ride,
       r.since, coalesce(r.precinct_id, l.precinct_id, '') as precinct_id, coalesce(a.brought, 0)::integer as brought,
       greatest(c.joined_at, a.at) as seen_at
from drivers d join callers c using (caller_id)
left join rides r on r.driver_id = d.caller_id and r.ended_at is null and r.state <> 'wanted'
left join lateral (
    select count(*) filter (where act = 'bring') as brought, max(at) as at from ride_acts
    where by = d.caller_id and at > $1
) a on true
left join lateral (
    select i.precinct_id from ride_acts k join rides i using (ride_id)
    where k.by = d.caller_id and k.at > $1 order by k.at desc limit 1
) l on true
where c.role = 'driver' and not c.barred order by c.name, d.caller_id limit 2000

-- :name said
-- The newest text of each of these phones since $2.
select distinct on (sender) sender, body, received_at from messages
where sender = any($1::text[]) and received_at > $2 and channel = 'sms' order by sender, received_at desc

-- :name counts
-- The day's rides by state.
select state, precinct_id, count(*) as n from rides where wanted_at > $1 or ended_at is null group by state, precinct_id

-- :name of_today
select ride_id from rides where wanted_at > $1 or ended_at is null

-- :name text
insert into agreed_texts (key, phone, body, precinct_id, zone, rehearsal, made_at) values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing

-- :name reminders
-- Voters who said when they will vote and asked for a text, where that was an hour ago ($1, since $2), whose last word
-- it was, and who have not voted, nor wish to be left alone.
select c.outcome_id, c.voter_id, c.precinct_id, c.phone, v.name, v.sealed, coalesce(c.language, v.language) as language,
       v.timezone
from calls c join voters v using (voter_id)
left join strike_offs s on s.precinct_id = v.precinct_id and s.roll_number = v.roll_number
left join opt_outs o on o.phone = v.phone
where c.outcome = 'will_vote_at' and c.texts and c.undone_at is null and c.said_at <= $1 and c.said_at > $2
  and not v.voted and s.roll_number is null and not (v.do_not_call or coalesce(o.opted_out, false))
  and not exists (select from calls k where k.phone = c.phone and k.voter_id = c.voter_id and k.undone_at is null
                  and (k.at, k.outcome_id) > (c.at, c.outcome_id))
  and not exists (select from agreed_texts t where t.key = case when $3 then 'rehearsal:' else '' end
                                                          || 'promise:' || c.outcome_id::text)
