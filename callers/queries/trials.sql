-- :name live
select * from script_trials where ended_at is null

-- :name latest
select * from script_trials order by started_at desc limit 1

-- :name lines
select variant, language, lines from script_lines

-- :name save_lines
insert into script_lines (variant, language, lines) values ($1, $2, $3)
on conflict (variant, language) do update set lines = excluded.lines

-- :name start
insert into script_trials (trial_id, variants, alpha, spread, most_answers, started_at, started_by)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
returning trial_id

-- :name end
update script_trials set ended_at = $2, winner = $3, ended_reason = $4
where trial_id = $1 and ended_at is null returning trial_id

-- :name calls
-- What came of each variant's calls since the trial began.
select l.variant, c.outcome, count(*) as n
from calls c join leases l using (lease_id)
where c.at >= $1 and ($2::timestamptz is null or c.at <= $2) and c.undone_at is null and l.variant <> ''
group by l.variant, c.outcome
