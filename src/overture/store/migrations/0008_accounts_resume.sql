-- An account that was stopped for refusals resumes by itself after a long rest: a duty of its own.

ALTER TABLE duty DROP CONSTRAINT duty_kind_check;
ALTER TABLE duty ADD CONSTRAINT duty_kind_check
    CHECK (kind IN ('sync', 'assess', 'plan', 'replies', 'reconcile', 'import', 'resume'));

-- Those stopped before: they have rested long enough when a day has passed since their last attempt. Where that is not
-- known, at once.
INSERT INTO duty (team_id, kind, key, due_at)
SELECT a.team_id, 'resume', a.id, greatest(p.last_end + interval '24 hours', a.created_at)
  FROM account_link a JOIN account_pace p ON p.team_id = a.team_id AND p.account_id = a.id
 WHERE a.status = 'paused' AND 'senderRefused' = ANY(a.pause_reasons) AND a.deleted_at IS NULL;

-- How far back the messages are known of accounts that were read to the end before: X shows the last 30 days.
UPDATE account_link SET history_from = synced_at - interval '30 days'
 WHERE synced_at IS NOT NULL AND history_from IS NULL AND platform = 'twitter';
