-- Pages that name watchers look again when who watches where has changed (an import, or somebody sent elsewhere).
create trigger rosters_told after update of roster_version on election
    for each row when (old.roster_version is distinct from new.roster_version)
    execute function tell_war_room('roster');

-- The outbox's desk lists whom our newest text did not reach.
create trigger lost_texts_told after update of state on outbox
    for each row when (new.state in ('undelivered', 'failed', 'unknown') or old.state = 'unknown')
    execute function tell_war_room('outbox');
