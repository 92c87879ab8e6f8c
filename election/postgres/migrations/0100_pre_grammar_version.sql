-- Which version of the grammar read a message: a recount reads this version's messages again, and takes the
-- readings of older ones as they are stored. What was there before, and what code before this writes, is 1.
alter table messages add column grammar smallint not null default 1;
