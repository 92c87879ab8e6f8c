-- The log's rows carry their keys in their ids: a second key and a reference cost a third of an insert.
-- A message's id is a function of (provider, provider_message_id), so its primary key holds both unique. A
-- check-in is only ever written beside its message, in one transaction (election/log/check_in_log.py), and a recount
-- proves the whole log (law L4).
alter table check_ins drop constraint check_ins_message_id_fkey;
alter table messages drop constraint messages_provider_provider_message_id_key;
