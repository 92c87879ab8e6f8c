-- An outcome has a next move with a time. It lies with the call, so that undoing the call withdraws it: the time
-- is `rest_until`, or for what staff see to the time of the call itself. No second queue: the same grant judges.
do $$
declare
    place text;
begin
    foreach place in array array['public', 'rehearsal'] loop
        execute format($sql$
            alter table %1$I.calls
                add column next_move text not null default ''
                    check (next_move in ('', 'call', 'retry', 'staff', 'watch')),
                add column said_at timestamptz, -- a time the voter named
                add column need text not null default '' check (need in ('', 'place', 'hours', 'papers', 'language')),
                add column line_minutes smallint check (line_minutes between 0 and 600),
                drop constraint calls_outcome_check,
                add constraint calls_outcome_check check (outcome in ('will_vote', 'already_voted', 'no_answer',
                    'call_back', 'wrong_number', 'do_not_call', 'refused', 'moved', 'other_language', 'abusive',
                    'will_vote_at', 'needs_ride', 'needs_information', 'at_work', 'someone_else', 'long_line',
                    'left_message'));
            update %1$I.calls set next_move = case
                when outcome = 'will_vote' then 'watch'
                when outcome in ('call_back', 'other_language') then 'call'
                else 'retry' end
            where outcome in ('will_vote', 'call_back', 'other_language')
               or (outcome = 'no_answer' and rest_until < 'infinity');
            create index calls_next_moves on %1$I.calls (at) where undone_at is null and next_move <> '';
        $sql$, place);
    end loop;
end $$;

-- Whoever is to be called again at an agreed time comes first then, not those alone who asked for it. (What
-- the code before this records meanwhile has no move and is not counted.)
do $$
declare
    place text;
    was text;
    definition text;
begin
    foreach place in array array['public', 'rehearsal'] loop
        was := pg_get_viewdef(format('%I.voter_standings', place)::regclass);
        definition := replace(was, '(k.outcome = ''call_back''::text)',
            '(k.outcome = ''call_back''::text or (k.next_move = ''call''::text and k.outcome <> ''other_language''::text))');
        if definition = was then
            raise exception 'voter_standings of % names no promised calls', place;
        end if;
        execute format('create or replace view %I.voter_standings as %s', place, definition);
    end loop;
end $$;
