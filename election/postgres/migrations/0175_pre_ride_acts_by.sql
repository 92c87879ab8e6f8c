-- The call floor asks for each driver's last act of any kind; the index there was is of takes alone.
create index ride_acts_by_all on ride_acts (by, at);
create index ride_acts_by_all on rehearsal.ride_acts (by, at);
