-- What goes out to watchers. One row a text; its key is used once, so that nobody is texted twice for one reason.
create table outbox (
    key text primary key,
    purpose text not null check (purpose in
        ('question', 'opt_out', 'reply', 'reassigned', 'reminder', 'roll_call', 'thanks')),
    priority smallint not null,
    phone text not null check (phone <> ''),
    watcher_id text,
    precinct_id text,
    body text not null check (body <> ''),
    segments smallint not null check (segments > 0),
    rehearsal boolean not null,
    made_at timestamptz not null,
    not_before timestamptz not null,
    expires_at timestamptz not null,
    state text not null default 'waiting' check (state in
        ('waiting', 'claimed', 'sent', 'delivered', 'undelivered', 'failed', 'unknown', 'expired', 'silenced',
         'cancelled')),
    -- Between a claim and the provider's answer nobody knows whether it went out: only the claimant's epoch may
    -- settle it, and a later leader calls it unknown and never sends it again.
    epoch bigint,
    attempts smallint not null default 0,
    number text, -- the sender's
    provider text,
    provider_message_id text,
    reason text not null default '',
    claimed_at timestamptz,
    settled_at timestamptz,
    check (not_before < expires_at),
    check ((state = 'claimed') <= (epoch is not null and number is not null))
);
create index outbox_waiting on outbox (priority, made_at, key) where state = 'waiting';
create index outbox_claimed on outbox (epoch) where state = 'claimed';
create index outbox_receipts on outbox (provider, provider_message_id) where provider_message_id is not null;
create index outbox_phone on outbox (phone, settled_at);
create index outbox_reminders on outbox (precinct_id, made_at) where purpose = 'reminder';
create index outbox_roll_call on outbox (watcher_id, made_at) where purpose = 'roll_call';
