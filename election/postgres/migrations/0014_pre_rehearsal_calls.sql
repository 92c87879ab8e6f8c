-- A rehearsal's calling never mixes with election day's: it has tables of its own, of the same names.
--
-- The callers' service of a rehearsal connects with `search_path = rehearsal, public`, so every statement,
-- view and function of the queue finds these first. The roll, the callers and the opt-outs are the same for
-- both: who said STOP in an exercise has said it.
create schema rehearsal;

create table rehearsal.leases (like public.leases including all);
create table rehearsal.calls (like public.calls including all,
    foreign key (lease_id) references rehearsal.leases);
create table rehearsal.strike_offs (like public.strike_offs including all);
create table rehearsal.dispatches (like public.dispatches including all);
create table rehearsal.dispatch_proposals (like public.dispatch_proposals including all);
create table rehearsal.dispatch_limits (like public.dispatch_limits including all);
create table rehearsal.phone_banks (like public.phone_banks including all);
create table rehearsal.call_lists (like public.call_lists including all);
create table rehearsal.script_trials (like public.script_trials including all);

create trigger dispatches_told after insert or update or delete on rehearsal.dispatches
    for each statement execute function public.tell_of_dispatches();
create trigger dispatch_proposals_told after insert or update or delete on rehearsal.dispatch_proposals
    for each statement execute function public.tell_of_dispatches();
create trigger dispatch_limits_told after insert or update or delete on rehearsal.dispatch_limits
    for each statement execute function public.tell_of_dispatches();

-- The same view over the rehearsal's tables: a view is bound to what it finds when it is made.
do $$
declare
    definition text := pg_get_viewdef('public.voter_standings'::regclass);
begin
    definition := replace(replace(definition, 'strike_offs ', 'rehearsal.strike_offs '),
                          'calls ', 'rehearsal.calls ');
    execute 'create view rehearsal.voter_standings as ' || definition;
end $$;
