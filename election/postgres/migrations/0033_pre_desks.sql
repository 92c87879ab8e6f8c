-- Who works on what at the war room's desks. A take lasts minutes; what came of an item is in the log.
create table desk_takes (
    desk text not null,
    item text not null,
    account text not null,
    taken_until timestamptz not null,
    finished boolean not null default false,
    primary key (desk, item)
);

-- Which entries staff have dealt with, and what waits for them.
create index check_ins_item on check_ins ((detail->>'item')) where kind in ('resolve', 'reread');
create index check_ins_target on check_ins ((detail->>'target')) where kind in ('accept', 'reject');
create index check_ins_unknown on check_ins (sender, received_at) where detail ? 'unknown_sender';
create index check_ins_held on check_ins (received_at, check_in_id) where detail ? 'held';
create index check_ins_reread on check_ins ((detail->>'reread')) where detail ? 'reread';
