-- Everything said with one watcher is read by who sent it; staff answer what nobody could read.
create index messages_sender on messages (sender, received_at);
alter table outbox drop constraint outbox_purpose_check;
alter table outbox add constraint outbox_purpose_check check (purpose in
    ('question', 'opt_out', 'reply', 'answer', 'reassigned', 'reminder', 'roll_call', 'thanks'));
-- Photos are rare: which entries came with one is found without reading the rest.
create index check_ins_photos on check_ins (received_at) where detail ? 'photos';
