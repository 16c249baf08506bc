-- What an app proves itself by apart from any account: its own bearer token, which opens what belongs to no account, and
-- its consumer secret, which the platform signs with what it pushes.
ALTER TABLE platform_app
    ADD COLUMN sealed_bearer_token bytea,
    ADD COLUMN sealed_consumer_secret bytea,
    ADD CHECK (sealed_bearer_token IS NULL OR client_id IS NOT NULL),
    ADD CHECK (sealed_consumer_secret IS NULL OR client_id IS NOT NULL);
