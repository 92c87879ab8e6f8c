-- :name state
-- The control group as it is stated, until the first voter has had a turn: from then on it stays.
insert into control_group as g (share, key, stated_at) select $1, $2, $3
where not exists (select from leases) and not exists (select from control_turns)
on conflict (only_row) do update set share = excluded.share, key = excluded.key, stated_at = excluded.stated_at
where (g.share, g.key) is distinct from (excluded.share, excluded.key)
returning share

-- :name withdraw
delete from control_group where not exists (select from leases) and not exists (select from control_turns)
returning share

-- :name stated
select share, key, stated_at, votes_a_contact from control_group

-- :name households
-- Households whose turn came, counted by kind, hour, script and language of the caller it fell to: votes of its
-- voters after that turn, contacts, and how many votes were expected of them anyhow (turnout scores, in quarters). $1: outcomes in which somebody listened; $2: who has voted by the county's
-- file, null: by strike-offs, where there are any.
with turns as (
    (select distinct on (phone) phone, precinct_id, caller_id, variant, granted_at as at, false as control
     from leases where door_id is null order by phone, granted_at)
    union all
    select phone, precinct_id, caller_id, variant, at, true from control_turns
), contacts as (
    select phone, count(*) as n from calls where undone_at is null and outcome = any($1::text[]) group by phone
), votes as (
    select t.phone,
           count(*) filter (where case when $2::text[] is null then s.received_at > t.at
               else v.voter_id = any($2::text[]) and coalesce(s.received_at > t.at, true) end) as n,
           round(sum(coalesce(v.turnout, 50)) filter (where coalesce(s.received_at > t.at, true)) / 25.0) as expected
    from turns t
    join voters v on v.phone = t.phone
    left join strike_offs s on s.precinct_id = v.precinct_id and s.roll_number = v.roll_number
    group by t.phone
)
select t.control, t.variant as script, coalesce(c.languages[1], '') as language,
       extract(hour from t.at at time zone coalesce(p.timezone, e.timezone))::integer as hour,
       coalesce(v.expected, 0)::integer as expected,
       coalesce(v.n, 0)::integer as votes, coalesce(k.n, 0)::integer as contacts, count(*)::integer as households
from turns t
join precincts p using (precinct_id)
cross join election e
left join callers c using (caller_id)
left join votes v using (phone)
left join contacts k using (phone)
where $2::text[] is not null or exists (select from strike_offs s where s.precinct_id = t.precinct_id)
group by 1, 2, 3, 4, 5, 6, 7

-- :name estimated
update control_group set votes_a_contact = $1, estimated_at = $2
