-- Whoever asks for a person to be looked at holds leads and persons, and must not wait for a look under way, which has
-- taken the same request and waits for those: a request may stand here more than once.
ALTER TABLE scope_queue DROP CONSTRAINT scope_queue_pkey;
CREATE INDEX scope_queue_campaign ON scope_queue (team_id, campaign_id);
