-- Rides: voters who need one, and drivers, who see one ride at a time as callers see one voter.

-- A driver's car. Who they are, and whether their link is good, stands in `callers` (role driver).
create table drivers (
    caller_id text primary key,
    phone text not null default '', -- E.164, or as they wrote it; texted only where it is E.164 and `texts`
    seats smallint not null check (seats between 1 and 12), -- for passengers
    wheelchair boolean not null default false,
    texts boolean not null default false -- agreed to be texted about rides
);

-- One ride. From the voter's own address, or `pickup` where they said another; to their precinct's polling place.
-- The states are `callers/rides/ride.py`'s. The two partial unique indexes are law L7 for rides.
create table rides (
    ride_id uuid primary key, -- of a call that asked for it: the call's outcome id, so that it is made once
    voter_id text not null,
    phone text not null, -- as it stands in `voters`; empty: none known
    precinct_id text not null,
    pickup bytea, -- another address than the roll's, sealed where the roll is
    by_when timestamptz, -- null: any time before the polls close
    seats smallint not null default 1 check (seats between 1 and 12),
    wheelchair boolean not null default false,
    return_trip boolean not null default true,
    texts boolean not null default false, -- the voter asked to be texted about this ride
    asked_by text not null, -- a caller, or an account
    wanted_at timestamptz not null,
    state text not null default 'wanted'
        check (state in ('wanted', 'claimed', 'picked_up', 'brought', 'returned', 'closed', 'cancelled')),
    driver_id text not null default '', -- of a wanted ride: to whom it is offered now
    expires_at timestamptz, -- of an offer or a claim, unless the driver says more
    at_polls boolean not null default false, -- has been brought there: what is left is the way home
    since timestamptz not null, -- in this state
    ended_at timestamptz,
    ended_by text check (ended_by in ('driver', 'strike_off', 'staff', 'opt_out', 'polls_closed')),
    check ((ended_at is null) = (state not in ('returned', 'closed', 'cancelled'))),
    check ((ended_at is null) = (ended_by is null)),
    check (state not in ('claimed', 'picked_up', 'brought') or driver_id <> ''),
    check ((expires_at is not null) = (state in ('wanted', 'claimed') and driver_id <> ''))
);
create unique index rides_one_a_voter on rides (voter_id) where ended_at is null;
create unique index rides_one_a_driver on rides (driver_id) where ended_at is null and driver_id <> '';
create index rides_live on rides (wanted_at) where ended_at is null;
create index rides_of_voter on rides (voter_id, ended_at);

-- What was done to a ride, by whom. The id is the sender's: a repeat changes nothing.
create table ride_acts (
    act_id uuid primary key,
    ride_id uuid not null references rides,
    act text not null,
    by text not null, -- a driver's id, an account, or 'beluga'
    at timestamptz not null,
    said_at timestamptz, -- when the driver pressed, by their phone; null: then
    state text not null -- after it
);
create index ride_acts_ride on ride_acts (ride_id, at);
create index ride_acts_by on ride_acts (by, at) where act = 'take';

-- Texts that a voter or driver agreed to, in words; intake's outbox takes them from here, each key once. What these
-- phones text is a voter's or a driver's: it is never a watcher's count.
create table agreed_texts (
    key text primary key,
    phone text not null check (phone like '+%'),
    body text not null check (body <> ''),
    precinct_id text,
    zone text not null, -- where the quiet hours are
    rehearsal boolean not null,
    made_at timestamptz not null,
    taken_at timestamptz -- by the outbox
);
create index agreed_texts_waiting on agreed_texts (made_at) where taken_at is null;
create index agreed_texts_phone on agreed_texts (phone);

-- A wake-up only: intake reads the phones again.
create function tell_of_agreed() returns trigger language plpgsql as $$
begin
    perform pg_notify('beluga_agreed', '');
    return null;
end $$;
create trigger agreed_texts_told after insert or truncate on agreed_texts
    for each statement execute function tell_of_agreed();

create table rehearsal.rides (like public.rides including all);
create table rehearsal.ride_acts (like public.ride_acts including all,
    foreign key (ride_id) references rehearsal.rides);

-- What a voter said beside the outcome: seats and wheelchair of the ride, and that a text is welcome.
alter table calls add column seats smallint check (seats between 1 and 12),
    add column wheelchair boolean not null default false, add column texts boolean not null default false;
alter table rehearsal.calls add column seats smallint check (seats between 1 and 12),
    add column wheelchair boolean not null default false, add column texts boolean not null default false;
create index calls_rides on calls (at) where outcome = 'needs_ride' and undone_at is null;
create index calls_rides on rehearsal.calls (at) where outcome = 'needs_ride' and undone_at is null;
create index calls_reminders on calls (said_at) where outcome = 'will_vote_at' and texts and undone_at is null;
create index calls_reminders on rehearsal.calls (said_at)
    where outcome = 'will_vote_at' and texts and undone_at is null;

alter table outbox drop constraint outbox_purpose_check;
alter table outbox add constraint outbox_purpose_check check (purpose in
    ('question', 'opt_out', 'reply', 'answer', 'reassigned', 'reminder', 'roll_call', 'thanks', 'agreed'));

alter table alerts drop constraint alerts_kind_check;
alter table alerts add constraint alerts_kind_check
    check (kind in ('lagging', 'doubtful', 'line', 'incident', 'quiet', 'ride'));
