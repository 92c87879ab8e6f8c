-- :name captains
-- Phone banks, by the code that their captains' links name.
select code as subject from phone_banks

-- :name volunteers
-- Callers, drivers or canvassers ($1).
select caller_id as subject from callers where role = $1
