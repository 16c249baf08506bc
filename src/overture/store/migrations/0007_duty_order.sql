-- Duties due at the same instant are taken in a fixed order, without sorting all of them.
CREATE INDEX duty_order ON duty (due_at, team_id, kind, key);
DROP INDEX duty_due;
