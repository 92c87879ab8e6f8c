-- The language of the war room's pages for this account; empty: as the browser says, else English.
alter table accounts add column language text not null default '';
