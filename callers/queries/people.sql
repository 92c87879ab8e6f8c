-- :name speak
-- What a caller says they speak with voters.
update callers set languages = $2 where caller_id = $1

-- :name page_in
-- The language of a caller's page. They speak with voters what they spoke before.
update callers set page_language = $2 where caller_id = $1

-- :name done
-- A caller's calls since $2, and the promises among them.
select count(*) as calls, count(*) filter (where outcome in ('will_vote', 'will_vote_at')) as promises
from calls where caller_id = $1 and at > $2 and undone_at is null

-- :name bar
-- Takes a link away (or gives it back), and the voter its caller holds, or a canvasser's doors.
with barred as (
    update callers set barred = $2 where caller_id = $1 returning caller_id
), ended as (
    update leases set ended_at = $3, ended_by = 'revoked', ended_reason = 'ended'
    where (caller_id = $1 or door_id in (select door_id from door_leases where canvasser_id = $1 and ended_at is null))
      and ended_at is null and $2 returning lease_id
), doors as (
    update door_leases set ended_at = $3, ended_by = 'revoked'
    where canvasser_id = $1 and ended_at is null and $2 returning door_id
)
select caller_id from barred

-- :name open_bank
insert into phone_banks (code, name, most_callers, ends_at, made_by, made_at, role)
values ($1, $2, $3, $4, $5, $6, $7)

-- :name bank
-- Locked, so that two volunteers do not take the last place.
select p.code, p.name, p.most_callers, p.ends_at, p.role,
       (select count(*) from callers c where c.phone_bank = p.code) as joined
from phone_banks p where p.code = $1 and p.ends_at > $2 for update

-- :name role_of
select role from phone_banks where code = $1

-- :name banks
select p.code, p.name, p.most_callers, p.ends_at, p.role, p.made_by, p.made_at,
       (select count(*) from callers c where c.phone_bank = p.code) as joined
from phone_banks p order by p.made_at

-- :name join
insert into callers (caller_id, name, contact, languages, phone_bank, joined_at, joined_from, role)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- :name drive
-- A driver's car, and the phone on which they agreed to be texted.
insert into drivers (caller_id, phone, seats, wheelchair, texts) values ($1, $2, $3, $4, $5)

-- :name joined_from
-- How many have signed up from an address since $2, at any phone bank.
select count(*) from callers where joined_from = $1 and joined_from <> '' and joined_at > $2

-- :name known
-- Callers of callers.csv.
select count(*) from callers where phone_bank = '' and role = 'caller'

-- :name sign_ups
-- Volunteers by the address they signed up from, the most first.
select c.joined_from as address, count(*) as callers, count(*) filter (where c.barred) as barred,
       coalesce(sum(s.shown), 0)::bigint as shown, min(c.joined_at) as first_at, max(c.joined_at) as last_at
from callers c
left join lateral (
    select count(*) as shown from voters_shown v where v.caller_id = c.caller_id and v.at > $1
) s on true
where c.joined_from <> '' and c.joined_at > $1 and ($2 = '' or c.phone_bank = $2)
group by c.joined_from order by count(*) desc, min(c.joined_at) limit 20

-- :name on_duty
-- Everybody who was given a voter or reported a call since $1: what they do and how fast. No voter is named.
with given as (
    select caller_id, max(granted_at) as at,
           max(granted_at) filter (where ended_at is null) as holds_since,
           (array_agg(precinct_id order by granted_at desc))[1] as precinct_id,
           count(dialled_at) as shown, count(*) filter (where ended_by = 'released') as given_back,
           count(*) filter (
               where dialled_at is not null and ended_by in ('expired', 'released', 'revoked')
               and not exists (select from calls k where k.lease_id = l.lease_id and k.undone_at is null)
           ) as unreported
    from leases l where granted_at > $1 and door_id is null and caller_id not like 'list:%' group by caller_id
), made as (
    select caller_id, max(at) as at, count(*) as calls, count(*) filter (where at > $2) as last_hour,
           count(*) filter (where outcome in ('will_vote', 'refused', 'call_back', 'already_voted',
                                            'will_vote_at', 'needs_ride', 'needs_information', 'at_work',
                                            'long_line')) as answered,
           count(*) filter (where outcome = 'abusive') as abusive
    from calls where at > $1 and undone_at is null and caller_id not like 'list:%' and caller_id not like 'door:%' group by caller_id
)
select c.caller_id, c.name, c.languages, c.phone_bank, c.joined_from, c.barred, g.precinct_id, g.holds_since,
       coalesce(g.shown, 0) as shown, coalesce(g.unreported, 0) as unreported,
       coalesce(g.given_back, 0) as given_back,
       greatest(g.at, m.at) as seen_at, coalesce(m.calls, 0) as calls, coalesce(m.last_hour, 0) as last_hour,
       coalesce(m.answered, 0) as answered, coalesce(m.abusive, 0) as abusive
from callers c left join given g using (caller_id) left join made m using (caller_id)
where (g.at is not null or m.at is not null) and ($3 = '' or c.phone_bank = $3)
order by (g.holds_since is null), greatest(g.at, m.at) desc limit 2000

-- :name outcomes
-- Outcome totals by precinct, undone ones left out.
select outcome, precinct_id, count(*) as n from calls where undone_at is null and at > $1
group by outcome, precinct_id

-- :name grounds
-- Where a caller calls: their own counties, and the precincts whose voters they were shown since $2.
select c.counties, array(select distinct l.precinct_id from leases l
                         where l.caller_id = c.caller_id and l.granted_at > $2) as precincts
from callers c where c.caller_id = $1

-- :name viewed
-- Every look at a voter's number: who was shown whom, when, and whether they dialled.
select lease_id, voter_id, precinct_id, caller_id, granted_at, dialled_at, ended_at, ended_by
from leases where ($1 = '' or voter_id = $1) and ($2 = '' or caller_id = $2 or door_id in
                   (select door_id from door_leases where canvasser_id = $2))
order by granted_at desc limit 5000

-- :name seen_lately
-- Voters given to a caller since $2: the rate limit outlives the service, and holds across several.
select count(*) from leases where caller_id = $1 and granted_at > $2
