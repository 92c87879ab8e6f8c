-- A second factor for those who want one. The step of the last code used: no code opens twice.
alter table accounts
    add column totp_secret text check (totp_secret ~ '^[A-Z2-7]{32}$'),
    add column totp_step bigint not null default 0;
