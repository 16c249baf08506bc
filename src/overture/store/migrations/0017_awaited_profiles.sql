-- A username that the platform has not told yet whose it is: its profile waits, with a placeholder for the platform's id
-- (it holds a space, as no id does). Found, it gets its id; or its leads go to the profile that has the id already.
ALTER TABLE profile
    ADD COLUMN awaits_lookup boolean NOT NULL DEFAULT false,
    ADD CHECK (NOT awaits_lookup OR (platform_id LIKE 'username %' AND account_status = 'active'));
CREATE INDEX profile_awaited ON profile (team_id, platform, id) WHERE awaits_lookup;

-- One such duty a team, whose id is its key.
ALTER TABLE duty DROP CONSTRAINT duty_kind_check;
ALTER TABLE duty ADD CONSTRAINT duty_kind_check
    CHECK (kind IN ('sync', 'assess', 'plan', 'replies', 'reconcile', 'import', 'resume', 'lookup'));
