-- An official second source of counts (official.toml): where it is published and how its columns are read.
alter table election add column official jsonb;
