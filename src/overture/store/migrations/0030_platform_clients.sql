-- The app a team has registered with a platform, so that accounts are linked in the browser; one without a secret is
-- public.
ALTER TABLE platform_app
    ADD COLUMN client_id text CHECK (char_length(client_id) BETWEEN 1 AND 255),
    ADD COLUMN sealed_client_secret bytea,
    ADD COLUMN client_changed_at timestamptz,
    ADD COLUMN client_changed_by text,
    ADD CHECK ((client_id IS NULL) = (client_changed_at IS NULL)),
    ADD CHECK (sealed_client_secret IS NULL OR client_id IS NOT NULL);

-- Links begun in a browser and not ended, found by the hash of the state the page brings back. Wall time.
CREATE TABLE link_request (
    state_hash bytea PRIMARY KEY,
    team_id ident NOT NULL REFERENCES team,
    token_id ident NOT NULL,
    app_id ident NOT NULL,
    redirect_uri text NOT NULL,
    sealed_verifier bytea NOT NULL,
    ends_at timestamptz NOT NULL,
    FOREIGN KEY (team_id, app_id) REFERENCES platform_app,
    FOREIGN KEY (team_id, token_id) REFERENCES api_token
);
CREATE INDEX link_request_end ON link_request (ends_at);
