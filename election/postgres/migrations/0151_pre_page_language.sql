-- The language of a caller's page, apart from the languages they speak with voters; empty: the first of those.
alter table callers add column page_language text not null default '';
