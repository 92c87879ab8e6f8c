-- The coordinator is told apart from the webhook: one that is away must not make the other tell twice.
alter table alerts add column texted_at timestamptz;
create index alerts_untexted on alerts (raised_at) where texted_at is null;
