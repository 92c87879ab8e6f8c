-- Staff let a dispatch rest, and change what callers say: a script that staff choose is a trial of one, over at once.
do $$
declare
    place text;
begin
    foreach place in array array['public', 'rehearsal'] loop
        execute format($sql$
            alter table %1$I.dispatches add column paused_by text not null default '';
            alter table %1$I.script_trials
                drop constraint script_trials_variants_check,
                add constraint script_trials_variants_check check (cardinality(variants) between 1 and 6);
        $sql$, place);
    end loop;
end $$;
