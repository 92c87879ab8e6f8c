-- Access that was taken away. Every service follows these tables and `accounts`, and keeps on disk what it saw.

-- Whoever changes an account, by a command or by hand, ends what was signed for it: a token is good while its
-- epoch is the account's. Code that counts the epoch itself may go on doing so.
create function end_access() returns trigger language plpgsql as $$
begin
    new.epoch := greatest(new.epoch, old.epoch + 1);
    return new;
end $$;

create trigger accounts_end_access before update on accounts for each row
    when ((new.login, new.role, new.counties, new.password_hash, new.disabled, new.epoch, new.totp_secret)
          is distinct from
          (old.login, old.role, old.counties, old.password_hash, old.disabled, old.epoch, old.totp_secret))
    execute function end_access();

-- A login that is given again must not open what was signed for whoever had it before.
create table former_accounts (
    login text primary key,
    epoch integer not null -- the last one
);

create function remember_account() returns trigger language plpgsql as $$
begin
    insert into former_accounts as f (login, epoch) values (old.login, old.epoch)
    on conflict (login) do update set epoch = greatest(f.epoch, excluded.epoch);
    return null;
end $$;

create function begin_account() returns trigger language plpgsql as $$
begin
    new.epoch := greatest(new.epoch, (select f.epoch + 1 from former_accounts f where f.login = new.login));
    return new;
end $$;

create trigger accounts_remembered after delete on accounts for each row execute function remember_account();
create trigger accounts_renamed after update of login on accounts for each row
    when (new.login <> old.login) execute function remember_account();
create trigger accounts_begin before insert on accounts for each row execute function begin_account();

-- Links that are no account's: a phone bank's captains (subject: its code; '': all banks), callers. A link
-- carries a number, 0 where it names none; it is good while that is above `ended_through`.
create table ended_links (
    kind text not null check (kind in ('captain', 'caller')),
    subject text not null,
    ended_through integer not null check (ended_through >= 0),
    changed_at timestamptz not null default now(),
    primary key (kind, subject)
);

-- Sessions of the war room that were signed out of. After `until` nothing that was signed in one lives.
create table ended_sessions (
    session_id text primary key check (session_id ~ '^[0-9a-f]{32}$'),
    until timestamptz not null
);

create index callers_barred on callers (caller_id) where barred;

-- A wake-up only: whoever hears it reads the tables again.
create function tell_of_access() returns trigger language plpgsql as $$
begin
    perform pg_notify('beluga_access', '');
    return null;
end $$;

create trigger accounts_told after insert or update or delete or truncate on accounts
    for each statement execute function tell_of_access();
create trigger ended_links_told after insert or update or delete or truncate on ended_links
    for each statement execute function tell_of_access();
create trigger ended_sessions_told after insert or update or truncate on ended_sessions
    for each statement execute function tell_of_access();
create trigger callers_told after update of barred on callers
    for each statement execute function tell_of_access();

-- Watchers' links are followed by intake on a channel of their own; so far only our own code told it.
create function tell_of_links() returns trigger language plpgsql as $$
begin
    perform pg_notify('beluga_links', '');
    return null;
end $$;

create trigger watcher_links_told after insert or update or delete or truncate on watcher_links
    for each statement execute function tell_of_links();
