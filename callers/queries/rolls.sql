-- :name watcher
-- Whose roll a watcher may have: their precincts, and up to where their links have been taken away. No row: nobody.
select w.precinct_ids, coalesce(l.revoked_through, -1) as revoked_through
from watchers w left join watcher_links l using (watcher_id) where w.watcher_id = $1

-- :name roll
-- The numbered voters of a precinct, as its roll has them.
select voter_id, roll_number, name, address, sealed, voted from voters
where precinct_id = $1 and roll_number <> ''
order by length(roll_number), roll_number

-- :name version
-- How many they are, and a word that changes whenever one of them does.
select count(*) as voters,
       md5(string_agg(md5(concat_ws('|', voter_id, roll_number, name, address, voted, encode(sealed, 'hex'))), ''
                      order by roll_number)) as version
from voters where precinct_id = $1 and roll_number <> ''

-- :name struck
select roll_number from strike_offs where precinct_id = $1 order by length(roll_number), roll_number

-- :name own_link
-- Downloads of one link are judged one after the other, at every service.
select pg_advisory_xact_lock(hashtextextended('roll ' || $1 || ' ' || $2::integer, 8403))

-- :name shown_lately
-- Downloads of a precinct's names by a link since $4.
select count(*) from rolls_shown where watcher_id = $1 and link = $2 and precinct_id = $3 and at > $4

-- :name shown
insert into rolls_shown (shown_id, watcher_id, link, precinct_id, voters, at) values ($1, $2, $3, $4, $5, $6)
