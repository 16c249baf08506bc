-- Tags stand in the order a team has chosen; those it has not placed come after, the oldest first.
ALTER TABLE tag ADD COLUMN position integer CHECK (position >= 0);
