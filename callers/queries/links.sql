-- :name captains
-- Phone banks, by the code that their captains' links name.
select code as subject from phone_banks

-- :name callers
select caller_id as subject from callers
