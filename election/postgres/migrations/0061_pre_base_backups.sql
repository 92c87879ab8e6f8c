-- Base backups of the cluster's database, noted by whoever makes them (deploy/make-backup), and when one was
-- last restored and recounted. `beluga preflight` looks here: the backup's own folder is on another machine.
create table base_backups (
    label text primary key,
    finished_at timestamptz not null,
    verified_at timestamptz
);
