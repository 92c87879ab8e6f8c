-- :name due
-- Webhooks that may be tried now and have something to tell.
select webhook_id, url, failures from webhooks w
where ended_at is null and due_at <= now()
  and exists (select from webhook_events e where e.webhook_id = w.webhook_id)
order by due_at

-- :name waiting
-- The oldest events of a webhook.
select event_id, kind, at, body from webhook_events where webhook_id = $1 order by event_id limit $2

-- :name delivered
-- They have been taken: gone, and counted.
with gone as (delete from webhook_events where webhook_id = $1 and event_id = any($2::bigint[]) returning 1)
update webhooks set delivered = delivered + (select count(*) from gone), delivered_at = now(), failures = 0,
    problem = ''
where webhook_id = $1

-- :name failed
-- Tried again after a while.
update webhooks set failures = failures + 1, problem = $2, due_at = now() + $3::interval where webhook_id = $1

-- :name give_up
-- What nobody took for so long is let go, and counted.
with gone as (
    delete from webhook_events where webhook_id = $1 and stored_at < now() - $2::interval returning 1
)
update webhooks set given_up = given_up + (select count(*) from gone) where webhook_id = $1
