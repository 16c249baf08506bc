-- A token acts for a member, whose role says what it may do. Tokens from before could do everything: they are the
-- owner's. One that the previous release makes meanwhile acts for nobody, and may do what the least of roles may.

ALTER TABLE api_token ADD COLUMN member_id ident;
ALTER TABLE api_token ADD FOREIGN KEY (team_id, member_id) REFERENCES member;
UPDATE api_token t SET member_id = (
    SELECT m.id FROM member m WHERE m.team_id = t.team_id AND m.role = 'owner' ORDER BY m.id LIMIT 1);

-- An answer that holds a secret is kept sealed.
ALTER TABLE idempotency_key ADD COLUMN is_sealed boolean NOT NULL DEFAULT false;
