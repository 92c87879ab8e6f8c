-- The war room's pages are told when a table behind them changed; whoever hears it reads the tables again.
-- The word is what changed: 'alerts', or a desk's name (election.wire.feed.Delta.news).

create function tell_war_room() returns trigger language plpgsql as $$
begin
    perform pg_notify('beluga_war_room', tg_argv[0]);
    return null;
end $$;

create function tell_war_room_of_desk() returns trigger language plpgsql as $$
begin
    perform pg_notify('beluga_war_room', new.desk);
    return null;
end $$;

create trigger desk_takes_told after insert or update on desk_takes
    for each row execute function tell_war_room_of_desk();
create trigger alerts_told after insert or update of cleared_at, acknowledged_by on alerts
    for each row execute function tell_war_room('alerts');
-- Equal words of one transaction are one notification: a roll call of 20,000 texts says it once a batch.
create trigger reminders_told after insert or update of state on outbox
    for each row when (new.purpose = 'reminder') execute function tell_war_room('silent');
create trigger roll_calls_told after insert or update of state on outbox
    for each row when (new.purpose = 'roll_call') execute function tell_war_room('rollcall');
