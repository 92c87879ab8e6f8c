-- An open alert is worded anew as its matter changes; what it said when it was raised stays beside it.
alter table alerts add column raised_reason text; -- null: it still says what it said then

drop trigger alerts_told on alerts;
create trigger alerts_told after insert or update of cleared_at, acknowledged_by, reason on alerts
    for each row execute function tell_war_room('alerts');
