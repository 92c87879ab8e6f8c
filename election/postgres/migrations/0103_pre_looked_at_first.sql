-- Phones that may be a stranger's are texted nothing until staff have looked; questions that a person took over.
create index check_ins_stranger on check_ins (sender) where detail ? 'stranger';
create index check_ins_asked_of on check_ins ((detail->>'of')) where kind = 'asked';
