-- Suppressions made by people: by whom and why. The latest come first when they are read.

ALTER TABLE person ADD COLUMN suppressed_by text, ADD COLUMN suppressed_note text;
CREATE INDEX person_suppressed ON person (team_id, suppressed_at, profile_id) WHERE suppressed_at IS NOT NULL;
