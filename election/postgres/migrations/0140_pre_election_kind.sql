-- Kinds of elections (general, primary, municipal, ...), today's and past ones; empty: the name says it. Past votes
-- need not be whole: a precinct that was divided has a share of the old one's.
alter table election add column kind text not null default '';
alter table past_votes
    add column kind text not null default '',
    alter column votes type double precision;
