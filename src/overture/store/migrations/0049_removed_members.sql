-- Whoever was removed from a team stays as a name beside what they did, and is in no list any more.
ALTER TABLE member ADD COLUMN removed_at timestamptz;
